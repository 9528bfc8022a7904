// Where files are: the folder tree, files by machine and place, selecting with the mouse alone; and what is done with machines.
import { randomBytes } from 'node:crypto'
import { expect, test } from '@playwright/test'
import type { Entry, Node } from '../shared/index.ts'
import { endAll, startPool, type TestNode, until } from './support/nodes.ts'
import { dropFiles, openWindow, row } from './support/window.ts'

let nodes: TestNode[] = []
test.afterEach(async () => {
  await endAll(nodes)
  nodes = []
})

test('the tree opens, takes what is dropped on it, and remembers; a rubber band selects', async ({ page }) => {
  nodes = await startPool(1, { copies: 1 })
  const [node] = nodes as [TestNode]
  for (const name of ['Work/2023/Old.txt', 'Work/2024/New.txt', 'a.txt', 'b.txt', 'c.txt']) await node.put(name, name)
  await page.setViewportSize({ width: 1280, height: 800 })
  const complaints = await openWindow(page, node)
  const item = (name: string) => page.getByRole('treeitem', { name, exact: true })
  await item('Work').locator('span').first().click()
  await expect(item('2024')).toBeVisible()
  await row(page, 'a.txt').getByText('a.txt').dragTo(item('2024'))
  await expect(row(page, 'a.txt')).toBeHidden()
  expect((await node.get('Work/2024/a.txt')).toString()).toBe('a.txt')
  await dropFiles(page, { 'From outside.txt': 'outside' }, item('2023'))
  await until('it is there', async () => (await node.list('Work/2023')).some(({ name }) => name === 'From outside.txt'))
  await node.json('PUT', '/v1/folders/Work/2025')
  await expect(item('2025')).toBeVisible()
  await page.reload()
  await expect(item('2025')).toBeVisible()
  await item('2024').click()
  await expect(row(page, 'New.txt')).toBeVisible()
  await page.goBack()

  // From the free ground below the rows up over the last two of them. Hovering waits until the row stands still.
  await row(page, 'c.txt').hover()
  const last = await row(page, 'c.txt').boundingBox()
  const before = await row(page, 'b.txt').boundingBox()
  if (last === null || before === null) throw new Error('the rows are not shown')
  await page.mouse.move(last.x + last.width - 30, last.y + last.height + 60)
  await page.mouse.down()
  await page.mouse.move(before.x + before.width - 200, before.y + 10, { steps: 5 })
  await expect(page.getByRole('row', { selected: true })).toHaveCount(2)
  await page.mouse.up()
  await expect(page.getByText('2 items selected')).toBeVisible()
  await page.keyboard.press('Delete')
  await expect(page.getByText('2 items moved to the trash')).toBeVisible()
  await expect(row(page, 'Work')).toBeVisible()
  expect(complaints).toEqual([])
})

test('what is at home, what is in the office, what is on one machine', async ({ page }) => {
  nodes = await startPool(2, { copies: 1 })
  const [first, second] = nodes as [TestNode, TestNode]
  await first.json<Node>('PATCH', `/v1/nodes/${first.nodeId}`, { name: 'Reception', site: 'office' })
  await first.json<Node>('PATCH', `/v1/nodes/${second.nodeId}`, { name: 'Laptop', site: 'home' })
  const folder = await first.json<Entry>('PUT', '/v1/folders/Both')
  await first.json('PATCH', `/v1/entries/${folder.id}`, { copies: 2 })
  // Much more than what is to lie on one machine alone, which then does not move to an emptier one.
  await first.put('Both/Twice.txt', randomBytes(4000), '?wait=all')
  await until('each is known to be as full', async () =>
    (await first.nodes()).every(({ usedBytes }) => usedBytes > 4000),
  )
  await first.put('Once.txt', 'once')
  await page.setViewportSize({ width: 1280, height: 800 })
  const only = (await first.list('')).find(({ name }) => name === 'Once.txt')?.nodes ?? []
  const complaints = await openWindow(page, first, '/files/Both')
  await expect(row(page, 'Twice.txt')).toContainText(/Reception, Laptop|Laptop, Reception/)
  expect(only).toHaveLength(1)
  const [place, other] = only[0] === first.nodeId ? ['office', 'home'] : ['home', 'office']
  const places = page.getByRole('navigation', { name: 'By machine' })
  await places.getByRole('link', { name: place }).click()
  await expect(page.getByRole('heading', { name: `At ${place}` })).toBeVisible()
  const results = page.getByRole('region', { name: 'Results' })
  await expect(results.getByRole('listitem')).toHaveCount(2)
  await places.getByRole('link', { name: other }).click()
  await expect(results.getByRole('listitem')).toHaveCount(1)
  await expect(results.getByText('Twice.txt')).toBeVisible()
  // To be kept on a machine whatever else is decided: then it is there.
  await page.getByRole('treeitem', { name: 'All files' }).click()
  await row(page, 'Once.txt').click()
  await page.getByRole('button', { name: 'Always kept on: no particular machine' }).click()
  await page.getByRole('menuitemcheckbox', { name: 'Laptop' }).click()
  await expect(page.getByRole('button', { name: 'Always kept on: Laptop' })).toBeVisible()
  await page.keyboard.press('Escape')
  const pinned = (await first.list('')).find(({ name }) => name === 'Once.txt')?.pinnedTo
  expect(pinned).toEqual([second.nodeId])
  await places.getByRole('link', { name: 'Laptop' }).click()
  await expect(page.getByRole('heading', { name: 'On Laptop' })).toBeVisible()
  expect(complaints).toEqual([])
})

test('a machine is given less space, sent away, called back, and replaced by a new one', async ({ page }) => {
  nodes = await startPool(3)
  const [first, second, third] = nodes as [TestNode, TestNode, TestNode]
  for (let file = 0; file < 5; file++) await first.put(`Letter ${file}.txt`, `letter ${file}`, '?wait=all')
  const complaints = await openWindow(page, first, '/machines')
  const choose = async (machine: string, item: string) => {
    await page.getByRole('button', { name: `Actions for ${machine}` }).click()
    await page.getByRole('menuitem', { name: item }).click()
  }
  await choose('node0', 'Name, place, space …')
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('textbox', { name: 'Space for the pool' }).fill('5')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByRole('article', { name: 'node0' })).toContainText('of 5 GB')

  await choose('node1', 'Away until …')
  await dialog.getByRole('button', { name: 'A week' }).click()
  await dialog.getByRole('button', { name: 'It is away' }).click()
  await expect(dialog).toBeHidden()
  const facts = async () => (await first.nodes()).find(({ id }) => id === second.nodeId)
  await until('it is away', async () => (await facts())?.awayUntil !== null)
  await choose('node1', 'It is back')
  await until('it is back', async () => (await facts())?.awayUntil === null)

  await choose('node1', 'Replace by a new machine …')
  await dialog.getByLabel('The new machine').selectOption({ value: third.nodeId })
  await expect(dialog.getByText('node2 is called node1 from now on')).toBeVisible()
  await dialog.getByRole('button', { name: 'Replace' }).click()
  await expect(dialog).toBeHidden()
  // It is emptied and goes by itself; the new one has its name.
  await expect(page.getByRole('article')).toHaveCount(2)
  await expect(page.getByRole('article', { name: 'node1' })).toBeVisible()
  expect((await first.nodes()).find(({ id }) => id === third.nodeId)?.name).toBe('node1')
  expect((await first.get('Letter 3.txt')).toString()).toBe('letter 3')
  expect(complaints).toEqual([])
})
