// Browser tests: the real UI, served by real nodes, in a real browser.
import { defineConfig } from '@playwright/test'
import { findBrowser } from './browser.ts'

const browser = findBrowser()

export default defineConfig({
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
    trace: 'retain-on-failure',
    launchOptions: browser ?? {},
  },
})
