// What the desktop app serves, in a real browser: its handler stands behind a plain server here, with a real engine and the real
// window. So the policy, the headers, uploads, events and ranges are the browser's own judgement; only Electron's scheme is missing.
import { expect, test } from '@playwright/test'
import { type AppServer, serveApp } from './support/appServer.ts'
import { endAll, startPool, type TestNode } from './support/nodes.ts'
import { dropFiles, row } from './support/window.ts'

let nodes: TestNode[] = []
let server: AppServer | undefined

test.afterEach(async () => {
  server?.close()
  await endAll(nodes)
  nodes = []
})

async function served(): Promise<{ url: string; node: TestNode }> {
  nodes = await startPool(1, { copies: 1 })
  const [node] = nodes as [TestNode]
  server = await serveApp(() => node)
  return { url: server.url, node }
}

test('the window works behind the app’s handler: logged in without a token, stored by upload, told by events', async ({
  page,
}) => {
  const { url, node } = await served()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
  await page.goto(`${url}/files`)
  await expect(page.getByText('Drop files or folders here')).toBeVisible()
  await dropFiles(page, { 'From the window.txt': 'stored' })
  await expect(row(page, 'From the window.txt')).toBeVisible()
  expect((await node.get('From the window.txt')).toString()).toBe('stored')
  await node.put('From elsewhere.txt', 'told by an event')
  await expect(row(page, 'From elsewhere.txt')).toBeVisible()
  expect(complaints).toEqual([])

  // The token: in no request and no answer, no storage, no cookie, no script's reach.
  expect(JSON.stringify(server?.seen)).not.toContain(node.token)
  const seen = await page.evaluate(`(async () => {
    const answers = await Promise.all(['/v1/health', '/v1/nodes', '/'].map(async (path) => (await fetch(path)).text()))
    const stores = [localStorage, sessionStorage].map((store) => Object.entries(store))
    return JSON.stringify([document.cookie, stores, answers, document.documentElement.outerHTML])
  })()`)
  expect(seen).not.toContain(node.token)
  expect(await page.context().cookies()).toEqual([])
})

test('the policy holds in a browser: nothing inline, nothing foreign', async ({ page }) => {
  const { url } = await served()
  await page.goto(`${url}/files`)
  await expect(page.getByRole('navigation', { name: 'Screens' })).toBeVisible()
  const broken = await page.evaluate(`(async () => {
    const directives = new Set()
    document.addEventListener('securitypolicyviolation', (event) => directives.add(event.effectiveDirective))
    const add = (tag, facts) => document.body.append(Object.assign(document.createElement(tag), facts))
    add('script', { textContent: 'globalThis.ran = true' })
    add('script', { src: 'http://127.0.0.1:1/x.js' })
    add('style', { textContent: 'body { color: red }' })
    add('img', { src: 'http://127.0.0.1:1/pixel.png' })
    add('video', { src: 'http://127.0.0.1:1/film.mp4' })
    add('iframe', { src: 'http://127.0.0.1:1/' })
    add('base', { href: 'http://127.0.0.1:1/' })
    const fetched = await fetch('http://127.0.0.1:1/').then(() => true, () => false)
    while (directives.size < 7) await new Promise((resolve) => setTimeout(resolve, 20))
    return { directives: [...directives].sort(), ran: 'ran' in globalThis, fetched }
  })()`)
  expect(broken).toEqual({
    directives: ['base-uri', 'connect-src', 'frame-src', 'img-src', 'media-src', 'script-src-elem', 'style-src-elem'],
    ran: false,
    fetched: false,
  })
})

test('the drop page stores what is dropped, by path, under the same policy', async ({ page }) => {
  const { url } = await served()
  await page.addInitScript(`
    globalThis.calls = []
    globalThis.desktop = {
      pathsOf: (files) => files.map(({ name }) => '/home/' + name),
      importPaths: async (...args) => void calls.push(args),
    }`)
  const complaints: string[] = []
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
  await page.goto(`${url}/drop`)
  await page.evaluate(`(() => {
    const dataTransfer = new DataTransfer()
    dataTransfer.items.add(new File(['x'], 'a.txt'))
    document.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }))
  })()`)
  await expect(page.getByRole('status')).toHaveText('One thing is being stored')
  expect(await page.evaluate('calls')).toEqual([[['/home/a.txt'], '/']])
  expect(complaints).toEqual([])
})
