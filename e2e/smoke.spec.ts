// The browser itself: runs scripts, and guards origins as a user's browser does.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from '@playwright/test'

async function serve(body: string): Promise<AsyncDisposable & { url: string }> {
  const server = createServer((_, response) => response.setHeader('content-type', 'text/html').end(body))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const close = async (): Promise<void> => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  return { url: `http://127.0.0.1:${port}/`, [Symbol.asyncDispose]: close }
}

test('a browser opens a page and runs its script', async ({ page }) => {
  await using site = await serve('<h1>-</h1><script>document.querySelector("h1").textContent = "ready"</script>')
  await page.goto(site.url)
  await expect(page.getByRole('heading')).toHaveText('ready')
})

test('a page cannot read what another origin serves', async ({ page }) => {
  await using site = await serve('<p>')
  await using other = await serve('secret')
  await page.goto(site.url)
  const answer = page.evaluate(async (url) => (await fetch(url)).text(), other.url)
  await expect(answer).rejects.toThrow('Failed to fetch')
})
