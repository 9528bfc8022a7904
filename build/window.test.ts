// The built window: small enough to open at once, and fit for a content security policy that allows nothing inline.
import assert from 'node:assert/strict'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { buildWindowIfStale, windowFolder } from './window.mjs'

const initialMaxBytes = 400_000

before(() => assert.ok(buildWindowIfStale(), 'the window builds'))

const page = (): string => readFileSync(join(windowFolder, 'index.html'), 'utf8')
const named = (attribute: string): string[] =>
  [...page().matchAll(new RegExp(`${attribute}="/([^"]+)"`, 'g'))].flatMap((match) => match[1] ?? [])

test('what the first screen needs is under 400 KB compressed', () => {
  const needed = [...named('src'), ...named('href')].filter((file) => /\.(js|css)$/.test(file))
  assert.ok(needed.some((file) => file.endsWith('.js')))
  const sizeOf = (file: string): number => {
    const compressed = join(windowFolder, `${file}.gz`)
    return statSync(existsSync(compressed) ? compressed : join(windowFolder, file)).size
  }
  const bytes = needed.reduce((sum, file) => sum + sizeOf(file), 0)
  assert.ok(bytes < initialMaxBytes, `${bytes} bytes`)
})

test('the page holds no script or style of its own, and a place for the nonce', () => {
  assert.doesNotMatch(page(), /<script(?![^>]*\bsrc=)|<style|\son\w+=/)
  assert.match(page(), /content="STYLE-NONCE"/)
})

test('a window that is up to date is not built again', () => {
  const stamp = join(windowFolder, 'stamp')
  const builtMs = statSync(stamp).mtimeMs
  assert.ok(buildWindowIfStale())
  assert.equal(statSync(stamp).mtimeMs, builtMs)
})
