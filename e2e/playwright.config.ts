// Browser tests: the real UI, served by real nodes, in a real browser.
import { defineConfig } from '@playwright/test'
import { findBrowser } from './browser.ts'

const browser = findBrowser()

export default defineConfig({
  // In the desktop app the specs stay as they are; where their pages come from does not.
  ...(process.env['HADAHOOP_DESKTOP'] === undefined ? {} : { tsconfig: './tsconfig.desktop.json' }),
  testDir: '.',
  testMatch: '*.spec.ts',
  outputDir: '../test-results/browser',
  workers: 1,
  retries: 0,
  timeout: 60_000,
  forbidOnly: true,
  reporter: [['list'], ['json']],
  use: {
    browserName: 'chromium',
    screenshot: 'only-on-failure',
    launchOptions: browser ?? {},
  },
})
