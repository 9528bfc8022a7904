// The first page, served by a real node: the login link opens it, it shows the pool, and a file goes in and out.
import { expect, test } from '@playwright/test'
import { endAll, startPool, type TestNode, until } from './support/nodes.ts'

let nodes: TestNode[] = []
test.afterEach(async () => {
  await endAll(nodes)
  nodes = []
})

async function loginLink(node: TestNode): Promise<string> {
  return (await node.json<{ url: string }>('POST', '/v1/session/links')).url
}

test('the login link opens the pool once, and what one machine took in is seen on the other', async ({ page }) => {
  nodes = await startPool(2)
  const [first, second] = nodes as [TestNode, TestNode]
  await first.put('Welcome.txt', 'hello')
  const link = await loginLink(first)
  await page.goto(link)
  await expect(page.getByText('Welcome.txt')).toBeVisible()
  await expect(page.getByText('node1').first()).toBeVisible()
  expect(new URL(page.url()).hash).toBe('')

  await page
    .locator('input[type=file]')
    .setInputFiles({ name: 'From the browser.txt', mimeType: 'text/plain', buffer: Buffer.from('typed') })
  await expect(page.getByText('From the browser.txt')).toBeVisible()
  await until('the other machine has it', async () => (await second.get('From the browser.txt')).toString() === 'typed')

  await page.context().clearCookies()
  await page.goto('about:blank')
  await page.goto(link)
  await expect(page.getByText('Welcome.txt')).toBeHidden()
})

test('without a login nothing of the pool is shown', async ({ page }) => {
  nodes = await startPool(1, { copies: 1 })
  const [node] = nodes as [TestNode]
  await node.put('Secret.txt', 'secret')
  await page.goto(node.url)
  await expect(page.getByText('Secret.txt')).toBeHidden()
})
