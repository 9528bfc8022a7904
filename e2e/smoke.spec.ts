// The browser itself: starts, runs a script and shows a page.
import { expect, test } from '@playwright/test'

test('a browser opens a page and runs its script', async ({ page }) => {
  await page.goto('data:text/html,<h1>-</h1><script>document.querySelector("h1").textContent = "ready"</script>')
  await expect(page.getByRole('heading')).toHaveText('ready')
})
