// The window against real nodes: the first minute, files in and out on two machines, what is undone, what is searched.
import { expect, test } from '@playwright/test'
import { endAll, startPool, TestNode, until } from './support/nodes.ts'
import { dropFiles, openWindow, row } from './support/window.ts'

let nodes: TestNode[] = []
test.afterEach(async () => {
  await endAll(nodes)
  nodes = []
})

test('the first minute: a pool is made on one machine, another joins it by code', async ({ browser }) => {
  nodes = await Promise.all([TestNode.start('first'), TestNode.start('second')])
  const [first, second] = nodes as [TestNode, TestNode]
  const [one, two] = await Promise.all([browser.newPage(), browser.newPage()])
  const complaints = await openWindow(one, first, '/')
  await one.getByLabel('Name of the pool').fill('Practice')
  await one.getByRole('button', { name: 'Create' }).click()
  await one.getByLabel('Name', { exact: true }).fill('Reception')
  await one.getByRole('combobox', { name: 'Place' }).fill('office')
  await one.getByRole('button', { name: 'Done' }).click()
  await expect(one.getByText('Drop files or folders here')).toBeVisible()

  await one.getByRole('link', { name: 'Machines' }).click()
  await one.getByRole('button', { name: 'Add a machine' }).click()
  const code = (await one.getByLabel('Code', { exact: true }).textContent()) ?? ''

  complaints.push(...(await openWindow(two, second, '/')))
  await two.getByLabel('Code').fill(code)
  await two.getByRole('button', { name: 'It is not on this network' }).click()
  await two.getByLabel('Address of a machine').fill(first.peerAddress)
  await two.getByRole('button', { name: 'Join' }).click()
  await two.getByLabel('Name', { exact: true }).fill('Server')
  await two.getByRole('button', { name: 'Done' }).click()
  await two.getByRole('link', { name: 'Machines' }).click()
  for (const page of [one, two]) {
    for (const name of ['Reception', 'Server'])
      await expect(page.getByRole('article', { name })).toContainText('Online')
  }
  expect(complaints).toEqual([])
})

test('a drop on one machine is seen, renamed, moved, deleted and restored on two', async ({ browser }) => {
  nodes = await startPool(2)
  const [first, second] = nodes as [TestNode, TestNode]
  const [one, two] = await Promise.all([browser.newPage(), browser.newPage()])
  const complaints = [await openWindow(one, first), await openWindow(two, second)]

  await dropFiles(one, { 'Plan.txt': 'the plan', 'Other.txt': 'other' })
  for (const page of [one, two]) await expect(row(page, 'Plan.txt')).toContainText('Protected')

  await row(two, 'Plan.txt').click()
  await two.keyboard.press('F2')
  await two.getByRole('textbox', { name: 'New name of Plan.txt' }).fill('Better plan.txt')
  await two.keyboard.press('Enter')
  await expect(row(one, 'Better plan.txt')).toBeVisible()

  await one.getByRole('button', { name: 'New folder' }).click()
  await one.getByRole('textbox', { name: /^New name of/ }).fill('Plans')
  await one.keyboard.press('Enter')
  await row(one, 'Better plan.txt').getByText('Better plan.txt').dragTo(row(one, 'Plans'))
  await expect(row(two, 'Better plan.txt')).toBeHidden()
  await row(two, 'Plans').dblclick()
  await expect(row(two, 'Better plan.txt')).toBeVisible()
  expect(new URL(two.url()).pathname).toBe('/files/Plans')

  await row(two, 'Better plan.txt').click()
  await two.keyboard.press('Delete')
  await expect(two.getByText('Drop files or folders here')).toBeVisible()
  await expect(two.getByText('“Better plan.txt” moved to the trash')).toBeVisible()
  await two.getByRole('button', { name: 'Undo' }).last().click()
  await expect(row(two, 'Better plan.txt')).toBeVisible()
  expect((await first.get('Plans/Better plan.txt')).toString()).toBe('the plan')

  await row(one, 'Other.txt').click()
  await one.keyboard.press('Delete')
  await one.getByRole('link', { name: 'Trash' }).click()
  await one.getByRole('button', { name: 'Restore Other.txt' }).click()
  await expect(one.getByText('Nothing in the trash')).toBeVisible()
  await one.goBack()
  await expect(row(one, 'Other.txt')).toBeVisible()
  expect(complaints.flat()).toEqual([])
})

test('the keyboard alone finds, opens, previews, selects and goes back', async ({ page }) => {
  nodes = await startPool(1, { copies: 1 })
  const [node] = nodes as [TestNode]
  for (const name of ['apple', 'banana', 'cherry', 'date']) await node.put(`Fruit/${name}.txt`, `a ${name}`)
  const complaints = await openWindow(page, node)
  await expect(row(page, 'Fruit')).toBeVisible()
  const grid = page.getByRole('grid')
  await grid.focus()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await expect(row(page, 'cherry.txt')).toBeVisible()
  await expect(grid).toBeFocused()
  await page.keyboard.type('ch')
  await expect(row(page, 'cherry.txt')).toHaveAttribute('aria-selected', 'true')
  await page.keyboard.press('Space')
  await expect(page.getByText('a cherry')).toBeVisible()
  await page.keyboard.press('ArrowRight')
  await expect(page.getByText('a date')).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(page.getByText('a date')).toBeHidden()
  // It has the focus again once the preview has closed.
  await expect(grid).toBeFocused()
  await page.keyboard.press('Home')
  await page.keyboard.press('Shift+ArrowDown')
  await expect(page.getByRole('row', { selected: true })).toHaveCount(2)
  await page.keyboard.press('Control+a')
  await expect(page.getByRole('row', { selected: true })).toHaveCount(4)
  await page.keyboard.press('Delete')
  await expect(page.getByText('4 items moved to the trash')).toBeVisible()
  await page.keyboard.press('Control+z')
  await expect(row(page, 'banana.txt')).toBeVisible()
  await page.keyboard.press('Control+k')
  await page.getByPlaceholder('Go to, or find a file').fill('heal')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { name: 'Health' })).toBeVisible()
  expect(complaints).toEqual([])
})

test('versions come back, searches narrow down, a reload stays where it was', async ({ page }) => {
  nodes = await startPool(1, { copies: 1 })
  const [node] = nodes as [TestNode]
  await node.put('Letters/Draft 100%.txt', 'first words')
  await node.put('Letters/Draft 100%.txt', 'second words')
  await node.put('Letters/picture.png', 'no picture')
  const complaints = await openWindow(page, node, '/search?q=raft')
  await page.getByRole('link', { name: 'Draft 100%.txt', exact: true }).click()
  await expect(row(page, 'Draft 100%.txt')).toHaveAttribute('aria-selected', 'true')
  const details = page.getByRole('complementary', { name: 'Details' })
  await details
    .getByRole('button', { name: /^Version of/ })
    .last()
    .click()
  await page.getByRole('menuitem', { name: 'Restore' }).click()
  await until(
    'the first words are back',
    async () => (await node.get('Letters/Draft 100%.txt')).toString() === 'first words',
  )
  await page.reload()
  await expect(page.getByRole('heading', { name: 'Letters' })).toBeVisible()
  await expect(row(page, 'picture.png')).toBeVisible()
  await page.getByRole('searchbox', { name: 'Search' }).fill('ict')
  await expect(page.getByRole('link', { name: 'picture.png', exact: true })).toBeVisible()
  expect(new URL(page.url()).search).toBe('?q=ict')
  // By the keys it begins in the folder that is shown, and goes on everywhere if one likes.
  await node.put('Elsewhere.png', 'no picture either')
  await page.goBack()
  await expect(row(page, 'picture.png')).toBeVisible()
  await page.keyboard.press('Control+f')
  await page.getByPlaceholder('Search in Letters').fill('png')
  const results = page.getByRole('region', { name: 'Results' }).getByRole('listitem')
  await expect(results).toHaveCount(1)
  await expect(page.getByRole('button', { name: 'In: /Letters' })).toBeVisible()
  await page.getByRole('button', { name: 'End filter In' }).click()
  await expect(results).toHaveCount(2)
  expect(complaints).toEqual([])
})

test('what two machines wrote apart is shown side by side, and both are kept', async ({ page }) => {
  nodes = await startPool(2)
  const [first, second] = nodes as [TestNode, TestNode]
  await first.put('Minutes.txt', 'common', '?wait=all')
  await second.stop()
  await first.put('Minutes.txt', 'by the first')
  await first.stop()
  await second.restart()
  await second.put('Minutes.txt', 'by the second')
  await first.restart()
  const complaints = await openWindow(page, first)
  await row(page, 'Minutes.txt').click()
  const conflict = page.getByRole('region', { name: 'Conflict' })
  await expect(conflict.getByText('node0')).toBeVisible()
  await expect(conflict.getByText('node1')).toBeVisible()
  await conflict.getByRole('button', { name: 'Keep both' }).click()
  await expect(conflict).toBeHidden()
  await expect(page.getByRole('grid').getByRole('row').filter({ hasText: 'Minutes' })).toHaveCount(2)
  expect(complaints).toEqual([])
})
