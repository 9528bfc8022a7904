// Everybody can use the window: no rule of accessibility that a program can check is broken, on any screen, in any dialog or menu,
// light or dark; and every action is reached without a mouse.
import { expect, type Page, test } from '@playwright/test'
import type { Settings } from '../shared/index.ts'
import { endAll, startPool, TestNode } from './support/nodes.ts'
import { writeApart } from './support/samples.ts'
import { expectAccessible, notReached, openWindow, row, tabRound } from './support/window.ts'

let nodes: TestNode[] = []
test.afterEach(async () => {
  await endAll(nodes)
  nodes = []
})

/** Menus and pop-ups lie outside the landmarks, above everything. */
const outside = ['region']

test('accessible: the login, and each step of the first run', async ({ page }) => {
  nodes = [await TestNode.start('first')]
  const [node] = nodes as [TestNode]
  await page.goto(node.url)
  await expect(page.getByRole('heading', { name: 'Open this window from its machine' })).toBeVisible()
  await expectAccessible(page, 'login')
  const complaints = await openWindow(page, node, '/')
  await expect(page.getByRole('button', { name: 'Create' })).toBeVisible()
  await page.getByRole('button', { name: 'It is not on this network' }).click()
  await expectAccessible(page, 'first run')
  await page.getByRole('button', { name: 'Create' }).click()
  await expect(page.getByRole('button', { name: 'Done' })).toBeVisible()
  await expectAccessible(page, 'this machine')
  expect(complaints).toEqual([])
})

test('accessible: files, their menus, details, versions and conflicts', async ({ page }) => {
  nodes = await startPool(2)
  const [node] = nodes as [TestNode]
  await node.put('Folder/Below/Inside.txt', 'inside')
  await node.put('Letter.txt', 'Dear all')
  await node.put('Letter.txt', 'Dear both')
  await writeApart(nodes, 'Minutes.txt')
  await page.setViewportSize({ width: 1280, height: 800 })
  const complaints = await openWindow(page, node)
  await row(page, 'Letter.txt').click()
  await expect(page.getByRole('heading', { name: 'Versions' })).toBeVisible()
  await expectAccessible(page, 'files, tree and details')
  await page.getByRole('button', { name: 'Always kept on: no particular machine' }).click()
  await expect(page.getByRole('menuitemcheckbox', { name: 'node1' })).toBeVisible()
  await expectAccessible(page, 'the menu of machines to keep it on', outside)
  await page.keyboard.press('Escape')
  await page
    .getByRole('button', { name: /^Version of/ })
    .last()
    .click()
  await page.getByRole('menuitem', { name: 'Compare with now' }).click()
  await expect(page.getByText('Dear both')).toBeVisible()
  await expectAccessible(page, 'an earlier version beside the present one')
  await page.keyboard.press('Escape')
  await row(page, 'Minutes.txt').click({ button: 'right' })
  await expect(page.getByRole('menuitem', { name: 'Rename' })).toBeVisible()
  await expectAccessible(page, 'the menu of a file', outside)
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Compare' }).click()
  await expect(page.getByText('the new chairs are blue')).toBeVisible()
  await expectAccessible(page, 'a conflict')
  await page.keyboard.press('Escape')
  expect(complaints).toEqual([])
})

test('accessible: previews, toasts, tiles, many files', async ({ page }) => {
  nodes = await startPool(1, { copies: 1 })
  const [node] = nodes as [TestNode]
  // So many that they are not deleted without a question.
  await Promise.all(Array.from({ length: 150 }, async (_, at) => await node.put(`Folder/${at}.txt`, `inside ${at}`)))
  await node.put('Letter.txt', 'Dear both')
  const complaints = await openWindow(page, node)
  await expect(row(page, 'Letter.txt')).toBeVisible()
  await page.getByRole('grid').focus()
  await page.keyboard.press('Control+a')
  await expectAccessible(page, 'many chosen')
  await page.keyboard.press('End')
  await page.keyboard.press('Space')
  await expect(page.getByText('Dear both')).toBeVisible()
  await expectAccessible(page, 'preview')
  await page.keyboard.press('Escape')
  // It has the focus again once the preview has closed.
  await expect(page.getByRole('grid')).toBeFocused()
  await page.keyboard.press('Delete')
  await expect(page.getByText('moved to the trash')).toBeVisible()
  await expectAccessible(page, 'a toast')
  await page.keyboard.press('Control+z')
  await page.getByRole('button', { name: 'Show as tiles' }).click()
  await page.getByRole('gridcell', { name: 'Letter.txt, Protected' }).click()
  await page.keyboard.press('F2')
  await expectAccessible(page, 'tiles and a name being edited')
  await page.keyboard.press('Escape')
  await page.getByRole('gridcell', { name: 'Folder, Protected' }).click()
  await page.keyboard.press('Delete')
  await expect(page.getByRole('dialog')).toContainText('It holds 151 files and folders')
  await expectAccessible(page, 'the question before a large delete')
  await page.keyboard.press('Escape')
  await expect(page.getByRole('gridcell', { name: 'Folder, Protected' })).toBeVisible()
  await page.getByRole('button', { name: 'More ways to upload' }).click()
  await expect(page.getByRole('menuitem', { name: 'Folder …' })).toBeVisible()
  await expectAccessible(page, 'the menu of uploads', outside)
  expect(complaints).toEqual([])
})

test('accessible: health, and all dialogs of machines', async ({ page }) => {
  nodes = await startPool(2)
  const [node] = nodes as [TestNode]
  await node.put('Letter.txt', 'words', '?wait=all')
  const complaints = await openWindow(page, node, '/health')
  await expect(page.getByText('Files by number of copies')).toBeVisible()
  await expectAccessible(page, 'health')
  await page.getByRole('button', { name: 'What if …' }).click()
  await page.getByRole('button', { name: 'Imagine node1 lost' }).click()
  await expect(page.getByText('No file would be lost.')).toBeVisible()
  await expectAccessible(page, 'what if')
  await page.getByRole('link', { name: 'Machines' }).click()
  await expect(page.getByRole('article', { name: 'node1' })).toBeVisible()
  await expectAccessible(page, 'machines')
  const menu = page.getByRole('button', { name: 'Actions for node1' })
  await menu.click()
  await expect(page.getByRole('menuitem', { name: 'Files on it' })).toBeVisible()
  await expectAccessible(page, 'the menu of a machine', outside)
  await page.keyboard.press('Escape')
  for (const [item, sign] of [
    ['Details', 'Under the hood'],
    ['Name, place, space …', 'Save'],
    ['Away until …', 'It is away'],
    ['Move everything off it …', 'No file would be lost.'],
    ['Replace by a new machine …', 'The new machine'],
    ['Remove from the pool …', 'No file would be lost.'],
  ] as const) {
    await menu.click()
    await page.getByRole('menuitem', { name: item }).click()
    await expect(page.getByRole('dialog').getByText(sign).first()).toBeVisible()
    await expectAccessible(page, item)
    await page.keyboard.press('Escape')
    await expect(page.getByRole('dialog')).toBeHidden()
  }
  await page.getByRole('button', { name: 'Add a machine' }).click()
  await expect(page.getByLabel('The code to scan')).toBeVisible()
  await expectAccessible(page, 'an invitation')
  expect(complaints).toEqual([])
})

test('accessible: transfers, trash, settings', async ({ page }) => {
  nodes = await startPool(1, { copies: 1 })
  const [node] = nodes as [TestNode]
  await node.put('Letter.txt', 'words')
  await node.put('Gone.txt', 'gone')
  await node.fetch('/v1/files/Gone.txt', { method: 'DELETE' })
  const complaints = await openWindow(page, node, '/transfers')
  for (const [screen, sign] of [
    ['Transfers', 'Nothing is moving'],
    ['Trash', 'Gone.txt'],
    ['Settings', 'Copies of each file'],
  ] as const) {
    await page.getByRole('link', { name: screen, exact: true }).click()
    await expect(page.getByText(sign).first()).toBeVisible()
    await expectAccessible(page, screen)
  }
  // The answer to the first change comes after the second was made, and takes nothing of it back.
  let hold = (): void => undefined
  const held = new Promise<void>((resolve) => (hold = resolve))
  await page.route('**/v1/settings', async (route) => {
    const isRate = route.request().postData()?.includes('upBytesPerSec') === true
    const response = await route.fetch()
    if (isRate) await held
    await route.fulfill({ response })
  })
  await page.getByRole('textbox', { name: 'Sending at most' }).fill('5')
  await page.keyboard.press('Enter')
  const rateTold = page.waitForResponse((answer) => answer.request().postData()?.includes('upBytesPerSec') === true)
  // By a key, since what loads above moves it.
  await page.getByRole('switch', { name: 'Only at some hours' }).press('Space')
  await page.getByLabel('Limits hold from').fill('09:15')
  hold()
  await rateTold
  await page.getByLabel('Limits hold until').focus()
  await expect
    .poll(async () => (await node.json<Settings>('GET', '/v1/settings')).limitHours)
    .toEqual({ from: '09:15', to: '18:00' })
  await page.getByRole('button', { name: 'Check now' }).click()
  await expect(page.getByText('Other machines reach this one')).toBeVisible()
  const log = page.getByRole('region', { name: 'Log' })
  await log.getByRole('button', { name: 'Show' }).click()
  await expect(log.getByText('Nothing was noted.')).toBeVisible()
  const items = [{ id: '1', at: '2026-01-02T03:04:05.000Z', text: 'a chunk is damaged' }]
  await page.route('**/v1/log*', (route) => route.fulfill({ json: { items, next: null } }))
  await log.getByRole('button', { name: 'Show' }).click()
  await expect(page.getByLabel('Lines of the log')).toContainText('2026-01-02T03:04:05.000Z  a chunk is damaged')
  await expect(log.getByRole('link', { name: 'Save' })).toHaveAttribute('download', 'hadahoop-log.txt')
  await expectAccessible(page, 'checks and log')
  expect(complaints).toEqual([])
})

test('accessible: search and its filters, palette, shortcuts', async ({ page }) => {
  nodes = await startPool(1, { copies: 1 })
  const [node] = nodes as [TestNode]
  await node.put('Letter.txt', 'words')
  const complaints = await openWindow(page, node)
  await expect(row(page, 'Letter.txt')).toBeVisible()
  await page.getByRole('searchbox', { name: 'Search' }).fill('etter')
  await expect(page.getByRole('link', { name: 'Letter.txt', exact: true })).toBeVisible()
  await expectAccessible(page, 'search')
  await page.getByRole('button', { name: 'Machine', exact: true }).click()
  await page.getByRole('menuitem', { name: 'node0' }).click()
  await expect(page.getByRole('button', { name: 'Machine: node0' })).toBeVisible()
  await page.getByRole('button', { name: 'Type' }).click()
  await expect(page.getByRole('menuitem', { name: 'Pictures' })).toBeVisible()
  await expectAccessible(page, 'a filter and its menu', outside)
  await page.keyboard.press('Escape')
  await page.keyboard.press('Control+k')
  await page.getByPlaceholder('Go to, or find a file').fill('e')
  await expect(page.getByRole('dialog').getByText('Letter.txt').first()).toBeVisible()
  await expectAccessible(page, 'palette')
  await page.keyboard.press('Escape')
  await expect(page.getByRole('dialog')).toBeHidden()
  await page.getByRole('region', { name: 'Results' }).focus()
  await page.keyboard.press('?')
  await expect(page.getByText('Keyboard shortcuts')).toBeVisible()
  await expectAccessible(page, 'shortcuts')
  expect(complaints).toEqual([])
})

/** Everything on the screen that can be pressed is reached by Tab. */
async function expectAllReached(page: Page, screen: string): Promise<void> {
  // Parts of a screen that have still to be asked for may come while Tab goes round.
  await expect(async () => {
    const reached = await tabRound(page)
    expect(reached.length, `${screen}: ${reached.join(', ')}`).toBeGreaterThan(5)
    expect(await notReached(page), screen).toEqual([])
  }).toPass({ timeout: 60_000 })
}

test('the keyboard reaches everything on every screen, and works menus and dialogs', async ({ page }) => {
  nodes = await startPool(2)
  const [node] = nodes as [TestNode]
  await node.put('Folder/Below/Inside.txt', 'inside')
  await node.put('Letter.txt', 'words', '?wait=all')
  await node.put('Gone.txt', 'gone')
  await node.fetch('/v1/files/Gone.txt', { method: 'DELETE' })
  await page.setViewportSize({ width: 1280, height: 800 })
  const complaints = await openWindow(page, node)
  await expect(row(page, 'Letter.txt')).toBeVisible()
  const grid = page.getByRole('grid')
  await grid.focus()
  await page.keyboard.press('End')
  await expect(page.getByRole('button', { name: /^Version of/ })).toBeVisible()
  await expect(page.getByText('Survives any one machine failing')).toBeVisible()
  await expectAllReached(page, 'files')
  for (const [key, screen, sign] of [
    ['2', 'transfers', 'Nothing is moving'],
    ['3', 'health', 'What happened'],
    ['4', 'machines', 'node1'],
    ['5', 'trash', 'Gone.txt'],
    ['6', 'settings', 'Copies of each file'],
  ] as const) {
    await page.keyboard.press(`Control+${key}`)
    await expect(page.getByRole('main').getByText(sign).first()).toBeVisible()
    await expectAllReached(page, screen)
  }

  // A menu, a dialog, and back to where one was.
  await page.keyboard.press('Control+4')
  await page.getByRole('button', { name: 'Actions for node1' }).focus()
  await page.keyboard.press('Enter')
  await expect(page.getByRole('menuitem', { name: 'Details' })).toBeFocused()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  const dialog = page.getByRole('dialog')
  await expect(dialog.getByRole('textbox', { name: 'Name' })).toBeFocused()
  await page.keyboard.press('Control+a')
  await page.keyboard.type('Upstairs')
  await page.keyboard.press('Enter')
  await expect(dialog).toBeHidden()
  await expect(page.getByRole('article', { name: 'Upstairs' })).toBeVisible()

  // The tree: open, go in, and the list follows.
  await page.keyboard.press('Control+1')
  const tree = page.getByRole('tree', { name: 'Folders' })
  await tree.focus()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('ArrowRight')
  await expect(page.getByRole('treeitem', { name: 'Below' })).toBeVisible()
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('Enter')
  await expect(row(page, 'Inside.txt')).toBeVisible()
  expect(new URL(page.url()).pathname).toBe('/files/Folder/Below')

  // What the mouse has a menu for, the keyboard has too.
  await grid.focus()
  await page.keyboard.press('Home')
  await page.keyboard.press('Control+x')
  await page.keyboard.press('Backspace')
  await expect(page.getByRole('heading', { name: 'Folder', exact: true })).toBeVisible()
  await page.keyboard.press('Control+v')
  await expect(row(page, 'Inside.txt')).toBeVisible()
  await page.keyboard.press('Control+z')
  await expect(row(page, 'Inside.txt')).toBeHidden()
  await page.keyboard.press('Control+Shift+n')
  await page.getByRole('textbox', { name: /^New name of/ }).fill('Made by keys')
  await page.keyboard.press('Enter')
  await expect(row(page, 'Made by keys')).toBeVisible()
  expect(complaints).toEqual([])
})
