// What the window says of a pool that loses a machine, and of an engine that goes away; and that everybody can use each screen.
import { expect, test } from '@playwright/test'
import { endAll, startPool, type TestNode } from './support/nodes.ts'
import { expectAccessible, openWindow, row } from './support/window.ts'

let nodes: TestNode[] = []
test.afterEach(async () => {
  await endAll(nodes)
  nodes = []
})

test('a machine that vanishes turns the dashboard; its return turns it back', async ({ page }) => {
  nodes = await startPool(2)
  const [first, second] = nodes as [TestNode, TestNode]
  await first.put('Kept.txt', 'kept', '?wait=all')
  await openWindow(page, first, '/health')
  await expect(page.getByRole('heading', { name: /copies on different machines/ })).toBeVisible()
  await second.kill()
  await expect(page.getByRole('article', { name: 'node1' })).toContainText(/Off since/, { timeout: 25_000 })
  await second.restart()
  await expect(page.getByRole('article', { name: 'node1' })).toContainText('Online', { timeout: 15_000 })
  await page.getByRole('button', { name: 'What if …' }).click()
  await page.getByRole('button', { name: 'Imagine node1 lost' }).click()
  await expect(page.getByText('No file would be lost.')).toBeVisible()
  await page.getByRole('button', { name: 'Imagine node0 lost' }).click()
  await expect(page.getByText('1 file would be lost')).toBeVisible()
})

test('an engine that stops shows a bar; after its restart the window asks for a login', async ({ page }) => {
  nodes = await startPool(1, { copies: 1 })
  const [node] = nodes as [TestNode]
  await openWindow(page, node)
  await expect(page.getByText('Drop files or folders here')).toBeVisible()
  await node.stop()
  await expect(page.getByText('Hadahoop on this machine does not answer')).toBeVisible()
  await node.restart()
  await expect(page.getByRole('heading', { name: 'Open this window from its machine' })).toBeVisible({
    timeout: 15_000,
  })
})

for (const colorScheme of ['light', 'dark'] as const) {
  test(`no screen breaks the rules of accessibility, ${colorScheme}`, async ({ page }) => {
    nodes = await startPool(1, { copies: 1 })
    const [node] = nodes as [TestNode]
    await node.put('Folder/Inside.txt', 'inside')
    await node.put('Letter.txt', 'words')
    await node.put('Gone.txt', 'gone')
    await node.fetch('/v1/files/Gone.txt', { method: 'DELETE' })
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    const complaints = await openWindow(page, node)
    await row(page, 'Letter.txt').click()
    await expect(page.getByRole('heading', { name: 'Versions' })).toBeVisible()
    await expectAccessible(page, 'files and details')
    await page.keyboard.press('Space')
    await expect(page.getByText('words')).toBeVisible()
    await expectAccessible(page, 'preview')
    await page.keyboard.press('Escape')
    await page.keyboard.press('Delete')
    await expect(page.getByText('moved to the trash')).toBeVisible()
    await expectAccessible(page, 'a toast')
    await page.keyboard.press('Control+z')
    await page.getByRole('button', { name: 'Show as tiles' }).click()
    await page.getByRole('gridcell', { name: 'Letter.txt, Protected' }).click()
    await page.keyboard.press('F2')
    await expectAccessible(page, 'tiles and a name being edited')
    await page.keyboard.press('Escape')
    for (const [screen, sign] of [
      ['Transfers', 'Nothing is moving'],
      ['Health', 'What happened'],
      ['Machines', 'Add a second machine'],
      ['Trash', 'Gone.txt'],
      ['Settings', 'Copies of each file'],
    ] as const) {
      await page.getByRole('link', { name: screen, exact: true }).click()
      await expect(page.getByText(sign).first()).toBeVisible()
      await expectAccessible(page, screen)
      if (screen !== 'Machines') continue
      await page.getByRole('button', { name: 'Actions for node0' }).click()
      await expect(page.getByRole('menuitem', { name: 'Files on it' })).toBeVisible()
      // Menus lie outside the landmarks, above everything.
      await expectAccessible(page, 'a menu', ['region'])
      await page.keyboard.press('Escape')
    }
    await page.getByRole('searchbox', { name: 'Search' }).fill('etter')
    await expect(page.getByRole('link', { name: 'Letter.txt', exact: true })).toBeVisible()
    await expectAccessible(page, 'search')
    expect(complaints).toEqual([])
  })
}
