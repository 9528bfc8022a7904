/**
 * What the window's specs get for `@playwright/test` when they run in the desktop app (tsconfig.desktop.json puts it there, so the
 * specs stay as they are): pages that open in the app. A spec goes to a node's address with a login; here the app is started on that
 * node's data folder instead, attaches to it, and shows the same screen. Where Electron cannot run, a browser behind the app's own
 * handler stands in (HADAHOOP_DESKTOP=handler).
 */
import { resolve } from 'node:path'
// By the name of the package behind it, since its own leads here.
import { _electron, type Browser, type Page, test as base } from 'playwright/test'
import { installedElectron } from '../../build/electronBinary.mjs'
import { type AppServer, serveApp } from './appServer.ts'
import { TestNode } from './nodes.ts'

export * from 'playwright/test'

const main = resolve(import.meta.dirname, '../../dist/electron/main.js')
const withElectron = process.env['HADAHOOP_DESKTOP'] === 'electron'

interface Opened {
  readonly page: Page
  /** In front of the window's screens. */
  readonly origin: string
  close(): Promise<void>
}

async function openIn(node: TestNode, stand: Page | undefined): Promise<Opened> {
  if (stand !== undefined) {
    const server: AppServer = await serveApp(() => (node.running ? node : undefined))
    return { page: stand, origin: server.url, close: async () => server.close() }
  }
  const executablePath = installedElectron()
  const app = await _electron.launch({
    ...(executablePath === undefined ? {} : { executablePath }),
    args: [...(process.getuid?.() === 0 ? ['--no-sandbox'] : []), main, '--data', node.dataFolder],
  })
  const close = async (): Promise<void> => {
    await app.evaluate(({ app }) => app.exit(0)).catch(() => undefined)
    await app.close().catch(() => undefined)
  }
  return { page: await app.firstWindow(), origin: 'app://hadahoop', close }
}

/** A page that becomes the app's window at its first address; what is asked of it before is done then. */
class LazyPage {
  readonly #stand: Page | undefined
  readonly #waiting: ((page: Page) => unknown)[] = []
  #opened: Opened | undefined
  readonly page: Page

  constructor(stand: Page | undefined) {
    this.#stand = stand
    this.page = new Proxy({} as Page, { get: (_target, name) => this.#member(name) })
  }

  async close(): Promise<void> {
    await this.#opened?.close()
  }

  #member(name: string | symbol): unknown {
    if (name === 'goto') return (url: string) => this.#goto(url)
    if (name === 'then') return undefined
    const page = this.#opened?.page ?? this.#stand
    if (page !== undefined) {
      const value = Reflect.get(page, name) as unknown
      return typeof value === 'function' ? value.bind(page) : value
    }
    return (...args: unknown[]) => {
      this.#waiting.push((page) => (Reflect.get(page, name) as (...args: unknown[]) => unknown).apply(page, args))
      return Promise.resolve()
    }
  }

  async #goto(address: string): Promise<void> {
    const url = URL.canParse(address) ? new URL(address) : undefined
    const node = [...TestNode.all].find((each) => each.running && each.url === url?.origin)
    if (node === undefined || url === undefined) {
      await (this.#opened?.page ?? this.#stand)?.goto(address)
      return
    }
    this.#opened ??= await openIn(node, this.#stand)
    const { page, origin } = this.#opened
    for (const act of this.#waiting.splice(0)) await act(page)
    // Without the login, which the app does not need.
    await page.goto(origin + url.pathname + url.search)
  }
}

/** In a context of its own, in which other pages can be made too. */
const pageOf = async (browser: Browser): Promise<Page> => await (await browser.newContext()).newPage()

/** Pages that were made, to be closed with the test. */
const made: LazyPage[] = []
async function make(stand: Page | undefined): Promise<Page> {
  const lazy = new LazyPage(stand)
  made.push(lazy)
  return lazy.page
}

export const test = base.extend<{ page: Page; closing: undefined }, { browser: Browser }>({
  closing: [
    async ({ playwright: _ }, use) => {
      await use(undefined)
      for (const each of made.splice(0)) await each.close()
    },
    { auto: true },
  ],
  page: async ({ playwright, launchOptions }, use) => {
    if (withElectron) {
      await use(await make(undefined))
      return
    }
    const browser = await playwright.chromium.launch(launchOptions)
    await use(await make(await pageOf(browser)))
    await browser.close()
  },
  browser: [
    async ({ playwright, launchOptions }, use) => {
      const browser = withElectron ? undefined : await playwright.chromium.launch(launchOptions)
      const like = { newPage: async () => await make(browser && (await pageOf(browser))) }
      await use(like as unknown as Browser)
      await browser?.close()
    },
    { scope: 'worker' },
  ],
})
