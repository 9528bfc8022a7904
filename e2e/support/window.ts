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

/** Drops files onto the window as a file manager does, or onto a part of it. */
export async function dropFiles(
  page: Page,
  files: Readonly<Record<string, string>>,
  onto = page.locator('body'),
): Promise<void> {
  await expect(page.getByRole('navigation', { name: 'Screens' })).toBeVisible()
  // As text, since only the browser knows these types.
  const transfer = await page.evaluateHandle(`(() => {
    const made = new DataTransfer()
    for (const [name, text] of Object.entries(${JSON.stringify(files)})) made.items.add(new File([text], name))
    return made
  })()`)
  await onto.dispatchEvent('dragenter', { dataTransfer: transfer })
  await expect(page.getByText('Drop to put into')).toBeVisible()
  await onto.dispatchEvent('drop', { dataTransfer: transfer })
  await expect(page.getByText('Drop to put into')).toBeHidden()
}

/** Fails on any violation of the rules of accessibility that a program can check, in light and in dark. */
export async function expectAccessible(page: Page, what: string, except: string[] = []): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await page.evaluate(`(${colorsSettled})('${colorScheme}')`)
    // Electron makes no second page for it to work in.
    const axe = new AxeBuilder({ page }).setLegacyMode(process.env['HADAHOOP_DESKTOP'] === 'electron')
    // Everything else is the same in the dark.
    const rules =
      colorScheme === 'light' ? axe.disableRules(except) : axe.withRules(['color-contrast', 'link-in-text-block'])
    const { violations } = await rules.analyze()
    const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`)
    expect(found, `${what}, ${colorScheme}`).toEqual([])
  }
}

/** Presses Tab until the focus has gone round; what it reached, as words. */
export async function tabRound(page: Page, most = 150): Promise<string[]> {
  const reached: string[] = []
  await page.evaluate(`(() => {
    for (const element of document.querySelectorAll('[data-reached]')) delete element.dataset.reached
    document.activeElement?.blur()
  })()`)
  for (let presses = 0; presses < most; presses++) {
    await page.keyboard.press('Tab')
    const name = await page.evaluate<string | null>(`(${markFocused})()`)
    if (name === null) break
    reached.push(name)
  }
  return reached
}

/** Visible things that can be pressed or filled in and that Tab has not reached. */
export async function notReached(page: Page): Promise<string[]> {
  return await page.evaluate(`(${listUnmarked})()`)
}

// In the browser, so as text: this project has no types of the DOM here.
// The page hears of another scheme a moment later and then changes its colours, some of them by transitions.
const colorsSettled = `async (scheme) => {
  const still = () => {
    const ending = document.getAnimations().filter(({ effect }) => effect.getComputedTiming().iterations !== Infinity)
    return document.documentElement.dataset.mantineColorScheme === scheme && ending.length === 0
  }
  for (let frames = 0; frames < 5; frames = still() ? frames + 1 : 0) await new Promise(requestAnimationFrame)
}`
const markFocused = `() => {
  const focused = document.activeElement
  if (focused === null || focused === document.body) return 'the page'
  if (focused.dataset.reached) return null
  focused.dataset.reached = 'yes'
  return focused.getAttribute('aria-label') ?? focused.textContent.trim().slice(0, 60) ?? focused.tagName
}`
const listUnmarked = `() => {
  const all = document.querySelectorAll('a[href], button, input, select, textarea, [tabindex]:not([tabindex="-1"])')
  return [...all]
    .filter((element) => !element.dataset.reached && !element.disabled && element.tabIndex >= 0)
    .filter((element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && element.type !== 'file')
    // Of radio buttons that belong together Tab reaches one.
    .filter((element) => element.type !== 'radio' || !document.querySelector('input[type=radio][data-reached][name="' + element.name + '"]'))
    .map((element) => element.outerHTML.slice(0, 160))
}`
