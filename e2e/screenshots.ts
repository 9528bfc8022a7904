// `npm run screenshots`: every screen of the window, light and dark, in two sizes, empty, in use, and with a machine gone, into
// test-results/screenshots, for people to look at. Nothing is compared: fonts differ between machines.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { chromium, type Page } from '@playwright/test'
import type { Node } from '../shared/index.ts'
import { findBrowser } from './browser.ts'
import { endAll, startPool, TestNode, until } from './support/nodes.ts'

const folder = join(import.meta.dirname, '..', 'test-results', 'screenshots')
const sizes = [
  { width: 1280, height: 800 },
  { width: 900, height: 600 },
]
const screens = ['files', 'transfers', 'health', 'machines', 'trash', 'settings', 'search?q=an'] as const
const machines = [
  { name: 'Reception', site: 'office', quotaBytes: 500e9, deviceClass: 'desktop' },
  { name: 'Laptop', site: 'home', quotaBytes: 250e9, deviceClass: 'laptop' },
  { name: 'NAS', site: 'office', quotaBytes: 2e12, deviceClass: 'always-on' },
]

const browser = await chromium.launch(findBrowser() ?? {})
mkdirSync(folder, { recursive: true })
const fresh = await TestNode.start('Reception')
const nodes = await startPool(3)
try {
  const [first, second] = nodes as [TestNode, TestNode]
  await shoot('first run', fresh, [''])
  for (const [at, node] of nodes.entries()) await first.json<Node>('PATCH', `/v1/nodes/${node.nodeId}`, machines[at])
  await shoot('empty', first, screens)
  await fill(first)
  await shoot('in use', first, screens, choose)
  await second.kill()
  await until('the machine is seen to be gone', async () =>
    (await first.nodes()).some(({ state }) => state === 'offline'),
  )
  await shoot('machine gone', first, screens, choose)
} finally {
  await browser.close()
  await endAll([fresh, ...nodes])
}
console.log(`screenshots are in ${folder}`)

async function fill(node: TestNode): Promise<void> {
  for (const name of [
    'Contracts/Lease.txt',
    'Invoices/January.csv',
    'Plan.txt',
    'Budget.xlsx',
    'Song.mp3',
    'Backup.zip',
  ]) {
    await node.put(name, `${name}\n`.repeat(2000), '?wait=all')
  }
  for (let hue = 0; hue < 360; hue += 15) {
    const picture = `<rect width="4" height="3" fill="hsl(${hue} 60% 55%)"/>`
    const drawing = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 3" width="400" height="300">${picture}</svg>`
    await node.put(`Photos/Sunset ${hue}.svg`, drawing)
  }
  await node.put('Plan.txt', 'The plan has changed.\n', '?wait=all')
  await node.put('Old notes.txt', 'old')
  await node.fetch('/v1/files/Old%20notes.txt', { method: 'DELETE' })
}

async function choose(page: Page, screen: string): Promise<void> {
  if (screen === 'files') await page.getByRole('row').filter({ hasText: 'Plan.txt' }).click()
}

async function shoot(
  what: string,
  node: TestNode,
  paths: readonly string[],
  prepare: (page: Page, screen: string) => Promise<void> = async () => undefined,
): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const viewport of sizes) {
      const context = await browser.newContext({ colorScheme, viewport, locale: 'en-GB', reducedMotion: 'reduce' })
      const page = await context.newPage()
      const { url } = await node.json<{ url: string }>('POST', '/v1/session/links')
      await page.goto(url)
      for (const path of paths) {
        await page.goto(`${node.url}/${path}`, { waitUntil: 'load' })
        await page.getByRole('heading').first().waitFor()
        await prepare(page, path)
        await page.waitForLoadState('networkidle').catch(() => undefined) // the event stream never ends
        const screen = path.split('?')[0] || 'start'
        await page.screenshot({ path: join(folder, `${what} ${screen} ${colorScheme} ${viewport.width}.png`) })
      }
      await context.close()
    }
  }
}
