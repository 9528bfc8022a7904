// What the window does where the desktop app stands around it: here the app is a stand-in in the page that notes what it is asked.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, type Page as BrowserPage, test } from '@playwright/test'
import type { LinkedFolder, Page } from '../shared/index.ts'
import { standInForDesktop } from './support/desktopStandIn.ts'
import { endAll, startPool, temporaryFolder, TestNode } from './support/nodes.ts'
import { expectAccessible, openWindow, row } from './support/window.ts'

let nodes: TestNode[] = []
test.afterEach(async () => {
  await endAll(nodes)
  nodes = []
})

const asked = async (page: BrowserPage): Promise<unknown> => await page.evaluate('window.desktopAsked')

test('files open and are saved by the app, its settings stand beside the others, it can show a screen', async ({
  page,
}) => {
  nodes = await startPool(1, { copies: 1 })
  const [node] = nodes as [TestNode]
  await node.put('Sheet.xlsx', 'cells')
  await standInForDesktop(page)
  const complaints = await openWindow(page, node)
  await row(page, 'Sheet.xlsx').click({ button: 'right' })
  await page.getByRole('menuitem', { name: 'Open with its program' }).click()
  await row(page, 'Sheet.xlsx').click({ button: 'right' })
  await page.getByRole('menuitem', { name: 'Download' }).click()
  await expect
    .poll(async () => await asked(page))
    .toEqual([
      ['openFile', '/Sheet.xlsx'],
      ['saveFile', '/Sheet.xlsx'],
    ])
  await expect(page.getByText('Saved as /home/me/saved')).toBeVisible()
  await page.evaluate("window.showScreen('/settings')")
  const start = page.getByRole('switch', { name: 'Start with the computer' })
  // The app keeps it; it turns when the app has answered. By a key, since what loads above moves it.
  await start.press('Space')
  await expect(start).toBeChecked()
  const computer = page.getByRole('region', { name: 'This computer' })
  await computer.getByRole('button', { name: 'Downloads' }).click()
  await expect(computer).toContainText('They are saved in /home/me/Downloads.')
  await computer.getByRole('button', { name: 'Ask each time' }).click()
  await expect(computer).toContainText('The system asks each time where a file goes.')
  expect(complaints).toEqual([])
})

test('a code from a link is filled in, and nothing is joined before the user says so', async ({ page }) => {
  nodes = [await TestNode.start('fresh')]
  const [node] = nodes as [TestNode]
  await standInForDesktop(page, "onJoinCode: (listener) => { listener('9ZX9-BFYM'); return () => {} },")
  await openWindow(page, node, '/')
  await expect(page.getByLabel('Code')).toHaveValue('9ZX9-BFYM')
  await expect(page.getByRole('button', { name: 'Join' })).toBeEnabled()
})

test('folders of this computer are linked, paused and unlinked in the settings', async ({ page }) => {
  nodes = await startPool(1, { copies: 1 })
  const [node] = nodes as [TestNode]
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'Scan.txt'), 'a scan')
  await node.json('POST', '/v1/linked-folders', { path: folder, folder: '/Scans' })
  await standInForDesktop(page)
  const complaints = await openWindow(page, node, '/settings')
  const section = page.getByRole('region', { name: 'Linked folders' })
  await expect(section).toContainText('into /Scans, 1 file')
  await expectAccessible(page, 'linked folders')
  const known = async () => (await node.json<Page<LinkedFolder>>('GET', '/v1/linked-folders')).items
  const menu = section.getByRole('button', { name: `Actions for ${folder}` })
  await menu.click()
  await page.getByRole('menuitem', { name: 'Pause' }).click()
  await expect(section).toContainText('paused')
  await menu.click()
  await page.getByRole('menuitemcheckbox').click()
  await expect
    .poll(async () => (await known()).map(({ state, deletes }) => [state, deletes]))
    .toEqual([['paused', true]])
  await page.getByRole('menuitem', { name: 'Unlink' }).click()
  await expect.poll(known).toEqual([])
  expect((await node.get('Scans/Scan.txt')).toString()).toBe('a scan')
  await section.getByRole('textbox', { name: 'Goes into' }).fill('/Letters')
  await section.getByRole('button', { name: 'Link a folder …' }).click()
  await expect.poll(async () => await asked(page)).toEqual([['linkFolder', '/Letters']])
  expect(complaints).toEqual([])
})

test('while the engine is away the window says what the app knows of it', async ({ page }) => {
  nodes = await startPool(1, { copies: 1 })
  const [node] = nodes as [TestNode]
  await standInForDesktop(page)
  await page.addInitScript(`{
    let tell = () => {}
    window.desktop.onEngineState = (listener) => { tell = listener; return () => {} }
    window.tellEngine = (state) => tell(state)
  }`)
  await openWindow(page, node)
  await expect(page.getByText('Drop files or folders here')).toBeVisible()
  await node.stop()
  await page.evaluate(`window.tellEngine({ state: 'restarting', attached: false })`)
  await expect(page.getByText('Hadahoop is starting again')).toBeVisible()
  const problem = { code: 'newer-database', message: 'the database is too new', hint: 'Start the newer release.' }
  await page.evaluate(`window.tellEngine(${JSON.stringify({ state: 'failed', attached: false, problem })})`)
  await expect(page.getByText('Hadahoop cannot run: the database is too new. Start the newer release.')).toBeVisible()
})
