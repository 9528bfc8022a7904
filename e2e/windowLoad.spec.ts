// How fast the window is: its first paint, a folder of 100,000 and a burst of 10,000 events, the last two with answers made up here,
// since storing so much takes longer than a test may. Bounds are some times what a quiet machine shows (docs/design.md), for
// machines that are busy otherwise.
import { expect, test } from '@playwright/test'
import type { Entry } from '../shared/index.ts'
import { endAll, startPool, type TestNode } from './support/nodes.ts'
import { fillWithSamples } from './support/samples.ts'
import { openWindow } from './support/window.ts'

let nodes: TestNode[] = []
test.afterEach(async () => {
  await endAll(nodes)
  nodes = []
})

const total = 100_000
const burstBoundMs = 1000

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

test('the window paints and can be used soon after it is opened', async ({ page }) => {
  nodes = await startPool(1, { copies: 1 })
  const [node] = nodes as [TestNode]
  await fillWithSamples(node)
  await openWindow(page, node)
  const times: { paintMs: number; usableMs: number; kilobytes: number }[] = []
  for (let turn = 0; turn < 3; turn++) {
    // A new context has nothing cached.
    const context = await page.context().browser()?.newContext()
    const fresh = await context?.newPage()
    if (fresh === undefined) continue
    await fresh.addInitScript(`addEventListener('DOMContentLoaded', () => {
      const look = () => {
        if (document.querySelector('[role=grid] [aria-rowindex="3"]') === null) requestAnimationFrame(look)
        else window.usableMs = performance.now()
      }
      look()
    })`)
    await openWindow(fresh, node)
    await expect.poll(() => fresh.evaluate('window.usableMs ?? 0')).toBeGreaterThan(0)
    times.push(
      await fresh.evaluate(`({
        paintMs: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0,
        usableMs: window.usableMs,
        kilobytes: performance.getEntriesByType('resource').filter(({ name }) => /\\.m?js$/.test(name))
          .reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0) / 1000,
      })`),
    )
    await context?.close()
  }
  for (const { paintMs, usableMs, kilobytes } of times)
    console.log(
      `painted in ${Math.round(paintMs)} ms, usable in ${Math.round(usableMs)} ms, ${Math.round(kilobytes)} KB of JS`,
    )
  // The best of three: what the window needs, not what else the machine does.
  expect(Math.min(...times.map(({ paintMs }) => paintMs))).toBeLessThan(1000)
  expect(Math.min(...times.map(({ usableMs }) => usableMs))).toBeLessThan(1500)
  expect(Math.max(...times.map(({ kilobytes }) => kilobytes))).toBeLessThan(400)
  expect(Math.min(...times.map(({ kilobytes }) => kilobytes))).toBeGreaterThan(50)
})

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
    // A burst in one piece, then silence. The last event is of the first row, which is in view.
    if (told++ > 0) return
    const events = Array.from({ length: 10_000 }, (_, at) => {
      const entry = { ...made((9_999 - at) * 7), state: 'copying' }
      return `event: entry\ndata: ${JSON.stringify(entry)}\n\n`
    })
    await loaded
    await route.fulfill({ contentType: 'text/event-stream', body: events.join('') })
  })
  let told = 0
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

  await expect(grid).toHaveAttribute('aria-rowcount', String(total + 1))
  await grid.focus()
  await page.keyboard.press('End')
  await expect(grid.getByText('File 099999.txt')).toBeVisible()

  await page.keyboard.press('Home')
  await page.evaluate(`(() => {
    window.longestMs = 0
    window.longTasks = []
    let lastMs = performance.now()
    const look = () => {
      window.longestMs = Math.max(window.longestMs, performance.now() - lastMs)
      lastMs = performance.now()
      requestAnimationFrame(look)
    }
    requestAnimationFrame(look)
    new PerformanceObserver((list) => window.longTasks.push(...list.getEntries().map(({ duration }) => Math.round(duration))))
      .observe({ type: 'longtask' })
  })()`)
  tell()
  await expect(grid.getByRole('row').filter({ hasText: 'File 000000.txt' })).toContainText('Copying')
  const longestMs = await page.evaluate('window.longestMs')
  const tasksMs = await page.evaluate('window.longTasks.join(", ")')
  console.log(`longest pause in the burst: ${Math.round(longestMs as number)} ms; tasks over 50 ms: ${String(tasksMs)}`)
  expect(longestMs).toBeLessThan(burstBoundMs)
})
