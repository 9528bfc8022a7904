// What the window says of a pool that loses a machine and repairs itself, and of an engine that goes away.
import { randomBytes } from 'node:crypto'
import { expect, test } from '@playwright/test'
import type { Node, Page } from '../shared/index.ts'
import { endAll, startPool, type TestNode, until } from './support/nodes.ts'
import { openWindow } from './support/window.ts'

let nodes: TestNode[] = []
test.afterEach(async () => {
  await endAll(nodes)
  nodes = []
})

/** In another place than all others: the second copy of every file goes to it, where chance would choose among the machines. */
async function standElsewhere(machine: TestNode, asked: TestNode): Promise<void> {
  await machine.json('PATCH', `/v1/nodes/${machine.nodeId}`, { site: 'office' })
  await until('its place is known', async () => (await asked.nodes()).some(({ site }) => site === 'office'))
}

test('a machine that goes to sleep and returns is told; what if it were lost', async ({ page }) => {
  nodes = await startPool(2)
  const [first, second] = nodes as [TestNode, TestNode]
  await first.put('Kept.txt', 'kept', '?wait=all')
  await openWindow(page, first, '/health')
  await expect(page.getByRole('heading', { name: /copies on different machines/ })).toBeVisible()
  await second.stop()
  await expect(page.getByRole('article', { name: 'node1' })).toContainText('Asleep')
  await second.restart()
  await expect(page.getByRole('article', { name: 'node1' })).toContainText('Online')
  await page.getByRole('button', { name: 'What if …' }).click()
  await page.getByRole('button', { name: 'Imagine node1 lost' }).click()
  await expect(page.getByText('No file would be lost.')).toBeVisible()
  await page.getByRole('button', { name: 'Imagine node0 lost' }).click()
  await expect(page.getByText('1 file would be lost')).toBeVisible()
  // From a number to the files that it counts.
  await page.getByRole('link', { name: 'Protected: show 1 file' }).click()
  await expect(page.getByRole('button', { name: 'State: Protected' })).toBeVisible()
  await expect(page.getByRole('region', { name: 'Results' }).getByRole('listitem')).toHaveText(/Kept\.txt/)
})

test('a machine that dies for good: the dashboard turns, copies are made anew, and it turns back', async ({ page }) => {
  nodes = await startPool(3)
  const [first, , third] = nodes as [TestNode, TestNode, TestNode]
  // A short wait, the second copy of each file on the machine that will die, and copying so slow that a person could watch it.
  await first.json('PATCH', '/v1/settings', { graceMs: { desktop: 1000 }, upBytesPerSec: 100_000 })
  await standElsewhere(third, first)
  for (let file = 0; file < 5; file++) await first.put(`Scan ${file}.bin`, randomBytes(400_000), '?wait=all')
  await openWindow(page, first, '/health')
  const sentence = page.getByRole('region', { name: 'In one sentence' }).getByRole('heading')
  await expect(sentence).toHaveText('All 5 files have their copies on different machines.')
  await third.kill()
  const gone = page.getByRole('article', { name: 'node2' })
  await expect(gone).toContainText(/Off since/)
  await expect(sentence).toHaveText(/being copied|fewer copies|one copy left/)
  await expect(page.getByText(/ to copy/)).toBeVisible()
  await expect(sentence).toHaveText('All 5 files have their copies on different machines.')
  await expect(page.getByText('Nothing has to be copied now.')).toBeVisible()
})

test('what a machine holds that will not come back soon is copied now, if somebody says so', async ({ page }) => {
  nodes = await startPool(3)
  const [first, , third] = nodes as [TestNode, TestNode, TestNode]
  await standElsewhere(third, first)
  for (let file = 0; file < 5; file++) await first.put(`Scan ${file}.bin`, randomBytes(40_000), '?wait=all')
  await openWindow(page, first, '/health')
  await third.kill()
  const gone = page.getByRole('article', { name: 'node2' })
  await expect(gone).toContainText('Its copies are made anew in 24 hours unless it returns.')
  const why = page
    .getByRole('region', { name: 'In one sentence' })
    .getByRole('listitem')
    .filter({ hasText: 'node2 is' })
  await expect(why).toContainText('That begins in 24 hours.')
  await why.getByRole('button', { name: 'Copy now' }).click()
  await expect(page.getByText('What node2 holds is copied now.')).toBeVisible()
  await expect(gone).toContainText('Its copies do not count any more; others take their place.')
  await expect(why).toContainText('Its copies do not count any more.')
  const others = nodes.slice(0, 2).map(({ nodeId }) => nodeId)
  await until('copied', async () =>
    (await first.list('')).every(
      ({ nodes: on, state }) => state === 'protected' && others.every((id) => on?.includes(id)),
    ),
  )
  await third.restart()
  await expect(gone).toContainText('Online')
  // The next time it is waited for again.
  await until('it is expected', async () => {
    const { items } = await first.json<Page<Node>>('GET', '/v1/nodes')
    return items.every(({ missed }) => !missed)
  })
})

test('an engine that stops shows a bar; after its restart the window asks for a login', async ({ page }) => {
  nodes = await startPool(1, { copies: 1 })
  const [node] = nodes as [TestNode]
  await openWindow(page, node)
  await expect(page.getByText('Drop files or folders here')).toBeVisible()
  await node.stop()
  await expect(page.getByText('Hadahoop on this machine does not answer')).toBeVisible()
  await node.restart()
  await expect(page.getByRole('heading', { name: 'Open this window from its machine' })).toBeVisible()
})

test('a stream of events that has fallen silent is opened anew, and goes on', async ({ page }) => {
  nodes = await startPool(1, { copies: 1 })
  const [node] = nodes as [TestNode]
  const streams: string[] = []
  page.on('request', (request) => request.url().endsWith('/v1/events') && streams.push(request.url()))
  await page.clock.install()
  await openWindow(page, node)
  await expect(page.getByText('Drop files or folders here')).toBeVisible()
  await expect.poll(() => streams.length).toBe(1)
  // As if a minute had passed in which nothing came.
  await page.clock.fastForward(60_000)
  await expect.poll(() => streams.length).toBe(2)
  await node.put('After.txt', 'after')
  const after = page.getByRole('grid').getByRole('row').filter({ hasText: 'After.txt' })
  // A minute more where the machine is slow.
  await expect(after).toContainText(/[12] min\. ago/)
  // Times go on by themselves.
  await page.clock.fastForward(3 * 60_000)
  await expect(after).toContainText(/[4-6] min\. ago/)
})
