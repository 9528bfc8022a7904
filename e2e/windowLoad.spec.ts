// The window under load: a folder of 100,000 and a burst of 10,000 events, with answers made up here, since storing so much takes
// longer than a test may. Bounds are several times what a quiet machine shows, for machines that are busy otherwise.
import { expect, test } from '@playwright/test'
import type { Entry } from '../shared/index.ts'
import { endAll, startPool, type TestNode } from './support/nodes.ts'
import { openWindow } from './support/window.ts'

let nodes: TestNode[] = []
test.afterEach(async () => {
  await endAll(nodes)
  nodes = []
})

const total = 100_000

function made(number: number): Entry {
  const name = `File ${String(number).padStart(6, '0')}.txt`
  return {
    id: number.toString(16).padStart(32, '0'),
    path: `/Big/${name}`,
    name,
    kind: 'file',
    size: number,
    modified: '2026-01-01T00:00:00.000Z',
    version: number.toString(16).padStart(32, 'f'),
    copies: { wanted: 2, durable: 2, reachable: 2 },
    state: 'protected',
    reasons: [],
  }
}

test('a folder of 100,000 opens at once, scrolls to its end, and takes 10,000 events without freezing', async ({
  page,
}) => {
  nodes = await startPool(1, { copies: 1 })
  const [node] = nodes as [TestNode]
  await node.json('PUT', '/v1/folders/Big')
  await page.route('**/v1/folders/Big?**', async (route) => {
    const query = new URL(route.request().url()).searchParams
    const from = Number(query.get('cursor') ?? 0)
    const to = Math.min(total, from + Number(query.get('limit')))
    const items = Array.from({ length: to - from }, (_, at) => made(from + at))
    await route.fulfill({ json: { items, next: to < total ? String(to) : null } })
  })
  await page.route('**/v1/events', async (route) => {
    // A burst at once, then silence: the browser tries again only much later.
    const events = Array.from({ length: 10_000 }, (_, at) => {
      const entry = { ...made(at * 7), state: 'copying' }
      return `event: entry\ndata: ${JSON.stringify(entry)}\n\n`
    })
    await loaded
    await route.fulfill({ contentType: 'text/event-stream', body: `retry: 600000\n\n${events.join('')}` })
  })
  let tell = (): void => undefined
  const loaded = new Promise<void>((resolve) => (tell = resolve))
  await openWindow(page, node)
  const grid = page.getByRole('grid')
  await expect(grid.getByRole('row').filter({ hasText: 'Big' })).toBeVisible()

  const openedMs = await page.evaluate(`(async () => {
    const begunMs = performance.now()
    document.querySelector('[role=grid] [aria-rowindex="2"]').dispatchEvent(new MouseEvent('dblclick', { bubbles: true }))
    while (!document.body.textContent.includes('File 000010.txt')) await new Promise(requestAnimationFrame)
    return performance.now() - begunMs
  })()`)
  console.log(`opened in ${Math.round(openedMs as number)} ms`)
  expect(openedMs).toBeLessThan(1500)

  await expect(grid).toHaveAttribute('aria-rowcount', String(total + 1), { timeout: 30_000 })
  await grid.focus()
  await page.keyboard.press('End')
  await expect(grid.getByText('File 099999.txt')).toBeVisible()

  await page.keyboard.press('Home')
  await page.evaluate(`(() => {
    window.longestMs = 0
    let lastMs = performance.now()
    const look = (nowMs) => {
      window.longestMs = Math.max(window.longestMs, performance.now() - lastMs)
      lastMs = performance.now()
      requestAnimationFrame(look)
    }
    requestAnimationFrame(look)
  })()`)
  tell()
  await expect(grid.getByRole('row').filter({ hasText: 'File 000007.txt' })).toContainText('Copying')
  const longestMs = await page.evaluate('window.longestMs')
  console.log(`longest pause in the burst: ${Math.round(longestMs as number)} ms`)
  expect(longestMs).toBeLessThan(1500)
})
