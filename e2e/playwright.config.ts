// Browser tests: the real UI, served by real nodes, in a real browser.
import { defineConfig } from '@playwright/test'
import { findBrowser } from './browser.ts'

const browser = findBrowser()

/**
 * In the desktop app the specs stay as they are; where their pages come from does not. Left out are those about what the app has not:
 * a login, addresses to type, a stand-in for itself.
 */
const inDesktop = {
  tsconfig: './tsconfig.desktop.json',
  testIgnore: ['page.spec.ts', 'smoke.spec.ts', 'windowDesktop.spec.ts', 'desktop*.spec.ts'],
  grepInvert: /the login|asks for a login|address is opened itself|in the desktop app|a video plays/,
}

export default defineConfig({
  ...(process.env['HADAHOOP_DESKTOP'] === undefined ? {} : inDesktop),
  testDir: '.',
  testMatch: '*.spec.ts',
  outputDir: '../test-results/browser',
  workers: 1,
  retries: 0,
  timeout: 300_000,
  // Guards only: what is waited for comes from real machines, which may be very busy.
  expect: { timeout: 60_000 },
  forbidOnly: true,
  reporter: [['list'], ['json']],
  use: {
    browserName: 'chromium',
    // What is expected is written as people there write it, whatever the machine's own language is.
    locale: 'en-US',
    screenshot: 'only-on-failure',
    launchOptions: browser ?? {},
  },
})
