// Transfers in a browser, with real nodes: uploads of the window and imports of the engine, steered, failing, told by events.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@playwright/test'
import type { Transfer } from '../shared/index.ts'
import { standInForDesktop } from './support/desktopStandIn.ts'
import { endAll, startPool, temporaryFolder, type TestNode, until } from './support/nodes.ts'
import { dropFiles, expectAccessible, openWindow } from './support/window.ts'

let nodes: TestNode[] = []
test.afterEach(async () => {
  await endAll(nodes)
  nodes = []
})

/** A folder of this computer with many small files. */
function makeFolder(name: string, files: number): string {
  const folder = join(temporaryFolder('hadahoop-window-'), name)
  mkdirSync(folder)
  for (let at = 0; at < files; at++) writeFileSync(join(folder, `${at}.txt`), `${name} ${at}`)
  return folder
}

async function importFolder(node: TestNode, ...paths: string[]): Promise<string> {
  return (await node.json<{ id: string }>('POST', '/v1/imports', { paths, folder: '/Scans' })).id
}

test('an import of the engine is followed live, paused, resumed and cleared', async ({ page }) => {
  nodes = await startPool(2)
  const [first] = nodes as [TestNode]
  const complaints = await openWindow(page, first, '/transfers')
  await expect(page.getByText('Nothing is moving')).toBeVisible()
  const id = await importFolder(first, makeFolder('Big scan', 4000))
  const row = page.getByRole('listitem', { name: 'Big scan' })
  await expect(row).toContainText(/of [\d,]+ files/)
  await expect(page.getByRole('region', { name: 'All together' })).toBeVisible()
  await expect(
    page.getByRole('navigation', { name: 'Screens' }).getByRole('link', { name: /Transfers/ }),
  ).toContainText('1')
  await page.getByRole('button', { name: 'Pause all' }).click()
  await expect(row).toContainText('Paused.')
  expect((await first.json<Transfer>('GET', `/v1/transfers/${id}`)).state).toBe('paused')
  await expectAccessible(page, 'transfers, paused')
  await page.emulateMedia({ colorScheme: 'dark' })
  await expectAccessible(page, 'transfers, paused, dark')
  await page.emulateMedia({ colorScheme: 'light' })
  await row.getByRole('button', { name: 'Resume Big scan' }).click()
  // Thousands of commits of two machines, one after the other where the disk is slow.
  await expect(row).toContainText('Stored here', { timeout: 200_000 })
  await expect(row).toContainText('4,000 files')
  await expect(row).toContainText('Protected')
  await expectAccessible(page, 'transfers, done')
  await page.getByRole('button', { name: 'Clear ended' }).click()
  await expect(page.getByText('Nothing is moving')).toBeVisible()
  expect(complaints).toEqual([])
})

test('what failed says why and is tried again', async ({ page }) => {
  nodes = await startPool(1)
  const [node] = nodes as [TestNode]
  await node.put('Scans/Tree', 'a file is in the way')
  await openWindow(page, node, '/transfers')
  await importFolder(node, makeFolder('Tree', 3))
  const row = page.getByRole('listitem', { name: 'Tree' })
  await expect(row).toContainText('1 file not stored')
  await expect(row).toContainText('/Scans/Tree is a file in the pool and a folder here')
  await expectAccessible(page, 'transfers, failed')
  await page.emulateMedia({ colorScheme: 'dark' })
  await expectAccessible(page, 'transfers, failed, dark')
  await node.fetch('/v1/files/Scans/Tree', { method: 'DELETE' })
  await row.getByRole('button', { name: 'Retry Tree' }).click()
  await expect(row).toContainText('3 files')
  await row.getByRole('button', { name: 'Remove from list: Tree' }).click()
  await expect(page.getByText('Nothing is moving')).toBeVisible()
})

test('an upload of the window runs through its phases; one that is cut off holds the window open', async ({ page }) => {
  nodes = await startPool(2)
  const [first, second] = nodes as [TestNode, TestNode]
  await openWindow(page, first)
  await dropFiles(page, { 'one.txt': 'one', 'two.txt': 'two' })
  await page.getByRole('link', { name: /^Transfers/ }).click()
  const row = page.getByRole('listitem', { name: '2 items' })
  await expect(row).toContainText('Stored here')
  await expect(row).toContainText('Protected')
  // With the other machine gone, what comes now lies here alone.
  await second.kill()
  await until('alone', async () => (await first.nodes()).some(({ state }) => state === 'offline'))
  await dropFiles(page, { 'three.txt': 'three', 'four.txt': 'four' })
  await expect(page.getByText('2 files are not yet copied')).toBeVisible()
  await expectAccessible(page, 'transfers, not yet copied')
  const asked = page.waitForEvent('dialog')
  await page.close({ runBeforeUnload: true })
  const dialog = await asked
  expect(dialog.type()).toBe('beforeunload')
  await dialog.dismiss()
  await expect(page.getByRole('alert').filter({ hasText: 'Leave this window' })).toContainText(
    '2 files are not yet copied',
  )
  await second.restart()
  await expect(page.getByText('Leave this machine on until they are')).toBeHidden()
})

test('in the desktop app a drop is an import: the engine reads the files itself', async ({ page }) => {
  nodes = await startPool(1)
  const [node] = nodes as [TestNode]
  const folder = makeFolder('Dropped', 2)
  await page.exposeFunction(
    'askEngine',
    async (paths: string[], into: string) => await node.json('POST', '/v1/imports', { paths, folder: into }),
  )
  await standInForDesktop(
    page,
    `pathsOf: (files) => files.map((file) => ${JSON.stringify(folder)} + '/' + file.name),
     importPaths: (paths, folder) => window.askEngine(paths, folder),`,
  )
  await openWindow(page, node)
  await dropFiles(page, { '0.txt': 'not read', '1.txt': 'not read' })
  await until('stored', async () => (await node.list('')).length === 2)
  expect((await node.get('0.txt')).toString()).toBe('Dropped 0')
})
