/** The window in a browser: opened as its user would, with everything that breaks its policy or throws noted. */
import { AxeBuilder } from '@axe-core/playwright'
import { expect, type Locator, type Page } from '@playwright/test'
import type { TestNode } from './nodes.ts'

/** Opens a screen of a node's window, logged in. The answer is what went wrong inside, filled as it happens. */
export async function openWindow(page: Page, node: TestNode, path = '/files'): Promise<string[]> {
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('console', (message) => {
    // What the engine refused is the window's to tell; what the browser refused is our mistake.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      complaints.push(message.text())
  })
  const { url } = await node.json<{ url: string }>('POST', '/v1/session/links')
  await page.goto(url.replace('/#', `${path}#`))
  return complaints
}

/** The row of a file or folder in the list. */
export function row(page: Page, name: string): Locator {
  return page.getByRole('grid').getByRole('row').filter({ hasText: name })
}

/** Drops files onto the window as a file manager does. */
export async function dropFiles(page: Page, files: Readonly<Record<string, string>>): Promise<void> {
  // As text, since only the browser knows these types.
  const transfer = await page.evaluateHandle(`(() => {
    const made = new DataTransfer()
    for (const [name, text] of Object.entries(${JSON.stringify(files)})) made.items.add(new File([text], name))
    return made
  })()`)
  await page.dispatchEvent('body', 'dragenter', { dataTransfer: transfer })
  await expect(page.getByText('Drop to put into')).toBeVisible()
  await page.dispatchEvent('body', 'drop', { dataTransfer: transfer })
  await expect(page.getByText('Drop to put into')).toBeHidden()
}

/** Fails on any violation of the rules of accessibility that a program can check. */
export async function expectAccessible(page: Page, what: string, except: string[] = []): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).disableRules(except).analyze()
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`)
  expect(found, what).toEqual([])
}
