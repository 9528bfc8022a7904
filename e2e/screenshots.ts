// `npm run screenshots [-- PART …]`: every screen of the window, light and dark, in two sizes, empty, in use, busy, and with a machine
// gone, into test-results/screenshots, for people to look at; parts of names narrow it down. Nothing is compared: fonts differ
// between machines.
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { chromium, type Page } from '@playwright/test'
import type { Node, Pool } from '../shared/index.ts'
import { findBrowser } from './browser.ts'
import { endAll, startPool, TestNode, temporaryFolder, until } from './support/nodes.ts'
import { fillWithSamples, writeApart } from './support/samples.ts'

const folder = join(import.meta.dirname, '..', 'test-results', 'screenshots')
const wanted = process.argv.slice(2)
const sizes = [
  { width: 1280, height: 800 },
  { width: 900, height: 600 },
]
const machines = [
  { name: 'Reception', site: 'office', quotaBytes: 500e9, deviceClass: 'desktop' },
  { name: 'Laptop', site: 'home', quotaBytes: 250e9, deviceClass: 'laptop' },
  { name: 'NAS', site: 'office', quotaBytes: 2e12, deviceClass: 'always-on' },
]

interface Shot {
  readonly name: string
  readonly path: string
  readonly prepare?: (page: Page) => Promise<void>
}

const click = (name: string) => async (page: Page) => await page.getByRole('button', { name }).first().click()
const pick = (name: string) => async (page: Page) => {
  await page.getByRole('row').filter({ hasText: name }).click()
  const button = page.getByRole('button', { name: 'Details', exact: true })
  if ((await button.getAttribute('aria-pressed')) === 'false') await button.click()
  await page.getByRole('complementary', { name: 'Details', exact: true }).waitFor()
}
const item = (menu: string, name: string) => async (page: Page) => {
  await click(menu)(page)
  await page.getByRole('menuitem', { name }).click()
  await page.getByRole('dialog').waitFor()
}

const screens: readonly Shot[] = [
  { name: 'files', path: 'files' },
  { name: 'transfers', path: 'transfers' },
  { name: 'health', path: 'health' },
  { name: 'machines', path: 'machines' },
  { name: 'trash', path: 'trash' },
  { name: 'settings', path: 'settings' },
  { name: 'search', path: 'search?q=an' },
]
const inUse: readonly Shot[] = [
  ...screens.slice(1),
  { name: 'files', path: 'files', prepare: pick('Plan.txt') },
  { name: 'folder', path: 'files', prepare: pick('Photos') },
  {
    name: 'tiles',
    path: 'files/Photos',
    prepare: async (page) => {
      await click('Show as tiles')(page)
      await page.waitForTimeout(300)
    },
  },
  {
    name: 'many chosen',
    path: 'files',
    prepare: async (page) => {
      await page.getByRole('grid').focus()
      await page.keyboard.press('Control+a')
    },
  },
  {
    name: 'context menu',
    path: 'files',
    prepare: async (page) => await page.getByRole('row').filter({ hasText: 'Budget' }).click({ button: 'right' }),
  },
  {
    name: 'preview',
    path: 'files/Photos',
    prepare: async (page) => {
      await page.getByRole('row').filter({ hasText: 'Sunset 30.svg' }).dblclick()
      await page.getByRole('dialog').waitFor()
    },
  },
  { name: 'conflict', path: 'files', prepare: pick('Minutes.txt') },
  {
    name: 'compare',
    path: 'files',
    prepare: async (page) => {
      await pick('Minutes.txt')(page)
      await click('Compare')(page)
      await page.getByText('Which').waitFor()
    },
  },
  { name: 'place', path: 'search?place=office' },
  {
    name: 'what if',
    path: 'health',
    prepare: async (page) => {
      await click('What if')(page)
      await click('Imagine NAS lost')(page)
      await page.getByText('lost.').first().waitFor()
    },
  },
  {
    name: 'machine details',
    path: 'machines',
    prepare: async (page) => {
      await page.getByRole('button', { name: 'NAS', exact: true }).click()
      await page.getByRole('dialog').waitFor()
    },
  },
  { name: 'machine edit', path: 'machines', prepare: item('Actions for Reception', 'Name, place, space') },
  { name: 'machine away', path: 'machines', prepare: item('Actions for Laptop', 'Away until') },
  { name: 'machine drain', path: 'machines', prepare: item('Actions for NAS', 'Move everything off it') },
  { name: 'machine replace', path: 'machines', prepare: item('Actions for Laptop', 'Replace by') },
  { name: 'machine remove', path: 'machines', prepare: item('Actions for Laptop', 'Remove from the pool') },
  {
    name: 'invite',
    path: 'machines',
    prepare: async (page) => {
      await click('Add a machine')(page)
      await page.getByLabel('The code to scan').waitFor()
    },
  },
  {
    name: 'palette',
    path: 'files',
    prepare: async (page) => {
      await page.keyboard.press('Control+k')
      await page.getByPlaceholder('Go to, or find a file').fill('an')
      await page.waitForTimeout(400)
    },
  },
  {
    name: 'shortcuts',
    path: 'files',
    prepare: async (page) => {
      await page.getByRole('grid').focus()
      await page.keyboard.press('?')
      await page.getByRole('dialog').waitFor()
    },
  },
  {
    name: 'checks',
    path: 'settings',
    prepare: async (page) => {
      await click('Check now')(page)
      await page.getByRole('listitem').last().scrollIntoViewIfNeeded()
    },
  },
]
const busy: readonly Shot[] = screens.filter(({ name }) => ['files', 'transfers', 'health', 'machines'].includes(name))

const browser = await chromium.launch(findBrowser() ?? {})
mkdirSync(folder, { recursive: true })
const fresh = await TestNode.start('Reception')
const nodes = await startPool(3, { poolName: 'Practice' })
try {
  const [first, second] = nodes as [TestNode, TestNode]
  await shoot('first run', fresh, [
    { name: 'start', path: '' },
    { name: 'machine', path: '', prepare: describeMachine },
  ])
  await shoot('login', fresh, [{ name: 'login', path: '', prepare: logOut }])
  for (const [at, node] of nodes.entries()) await first.json<Node>('PATCH', `/v1/nodes/${node.nodeId}`, machines[at])
  await shoot('empty', first, screens)
  await fillWithSamples(first)
  await writeApart(nodes, 'Minutes.txt')
  await shoot('in use', first, inUse)
  const enough = new AbortController()
  const working = keepBusy(first, enough.signal)
  await importMuch(first)
  await shoot('busy', first, busy)
  enough.abort()
  await working
  await second.kill()
  await until('the machine is seen to be gone', async () =>
    (await first.nodes()).some(({ state }) => state === 'offline'),
  )
  await shoot('machine gone', first, [
    { name: 'files', path: 'files', prepare: pick('Plan.txt') },
    ...screens.slice(1),
    { name: 'what can be done', path: 'machines', prepare: click('Actions for Laptop') },
  ])
} finally {
  await browser.close()
  await endAll([fresh, ...nodes])
}
console.log(`screenshots are in ${folder}`)

/** Imports in all states: one that runs for a while, one that waits, one with a file that cannot be taken in. */
async function importMuch(node: TestNode): Promise<void> {
  const source = temporaryFolder('hadahoop-screenshots-')
  const folders = ['Camera', 'X-rays 2024', 'Scanner'].map((name) => join(source, name))
  for (const each of folders) mkdirSync(each, { recursive: true })
  const [camera, pictures, scanner] = folders as [string, string, string]
  for (let file = 0; file < 20; file++) writeFileSync(join(camera, `Film ${file}.mov`), randomBytes(60_000_000))
  for (let file = 0; file < 300; file++) writeFileSync(join(pictures, `Scan ${file}.png`), randomBytes(200_000))
  for (let file = 0; file < 5; file++) writeFileSync(join(scanner, `Letter ${file}.pdf`), randomBytes(90_000))
  // A pipe is no file.
  execFileSync('mkfifo', [join(scanner, 'Device')])
  const ids: string[] = []
  for (const path of [scanner, pictures, camera]) {
    ids.push((await node.json<{ id: string }>('POST', '/v1/imports', { paths: [path], folder: '/Backup' })).id)
  }
  await node.fetch(`/v1/transfers/${ids[1]}/pause`, { method: 'POST' })
}

/** Puts large files again and again, so that something moves. */
async function keepBusy(node: TestNode, signal: AbortSignal): Promise<void> {
  for (let turn = 0; !signal.aborted; turn++) {
    await node.put(`Backup/Scan ${turn % 4}.bin`, randomBytes(12_000_000))
    await new Promise((resolve) => {
      setTimeout(resolve, 500)
    })
  }
}

/** The second step, which follows a pool that was made; here the answers are made up. */
async function describeMachine(page: Page): Promise<void> {
  const pool: Partial<Pool> = { id: '0'.repeat(32), name: 'Home', nodeId: '1'.repeat(32) }
  const node: Partial<Node> = { id: '1'.repeat(32), name: 'Reception', site: 'home', quotaBytes: 400e9, self: true }
  await page.route('**/v1/pool', (route) =>
    route.request().method() === 'POST' ? route.fulfill({ status: 201, json: pool }) : route.fallback(),
  )
  await page.route('**/v1/nodes*', (route) => route.fulfill({ json: { items: [node], next: null } }))
  await click('Create')(page)
  await page.getByLabel('Name', { exact: true }).waitFor()
}

async function logOut(page: Page): Promise<void> {
  await page.context().clearCookies()
  await page.reload()
  await page.getByText('Open this window from its machine').waitFor()
}

async function shoot(what: string, node: TestNode, all: readonly Shot[]): Promise<void> {
  const shots = all.filter(({ name }) => wanted.length === 0 || wanted.some((part) => `${what} ${name}`.includes(part)))
  if (shots.length === 0) return
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const viewport of sizes) {
      const context = await browser.newContext({ colorScheme, viewport, locale: 'en-GB', reducedMotion: 'reduce' })
      const page = await context.newPage()
      const { url } = await node.json<{ url: string }>('POST', '/v1/session/links')
      await page.goto(url)
      for (const { name, path, prepare } of shots) {
        await page.goto(`${node.url}/${path}`, { waitUntil: 'load' })
        await page.getByRole('heading').first().waitFor()
        await prepare?.(page)
        await page.waitForLoadState('networkidle', { timeout: 1000 }).catch(() => undefined) // the event stream never ends
        await page.screenshot({ path: join(folder, `${what}, ${name}, ${colorScheme} ${viewport.width}.png`) })
        await page.evaluate('localStorage.removeItem("hadahoop-view")')
      }
      await context.close()
    }
  }
}
