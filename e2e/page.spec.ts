// The window, served by a real node: the login link opens it, once; without one nothing of the pool is shown.
import { expect, test } from '@playwright/test'
import { endAll, startPool, type TestNode } from './support/nodes.ts'

let nodes: TestNode[] = []
test.afterEach(async () => {
  await endAll(nodes)
  nodes = []
})

async function loginLink(node: TestNode): Promise<string> {
  return (await node.json<{ url: string }>('POST', '/v1/session/links')).url
}

test('the login link opens the window once, and no script or style breaks the policy', async ({ page }) => {
  nodes = await startPool(1, { copies: 1 })
  const [node] = nodes as [TestNode]
  const complaints: string[] = []
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
  page.on('pageerror', (error) => complaints.push(String(error)))
  const link = await loginLink(node)
  await page.goto(link)
  await expect(page.getByRole('navigation', { name: 'Screens' })).toBeVisible()
  await expect(page).toHaveTitle('Test – Hadahoop')
  expect(new URL(page.url()).hash).toBe('')
  expect(complaints).toEqual([])

  await page.context().clearCookies()
  await page.goto('about:blank')
  await page.goto(link)
  await expect(page.getByRole('heading', { name: 'Open this window from its machine' })).toBeVisible()
  await expect(page.getByText('That link did not work')).toBeVisible()
})

test('without a login nothing of the pool is shown', async ({ page }) => {
  nodes = await startPool(1, { copies: 1 })
  const [node] = nodes as [TestNode]
  await node.put('Secret.txt', 'secret')
  await page.goto(`${node.url}/files`)
  await expect(page.getByRole('heading', { name: 'Open this window from its machine' })).toBeVisible()
  await expect(page.getByText('Secret.txt')).toBeHidden()
})
