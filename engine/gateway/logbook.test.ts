import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limits } from '../limits.ts'
import { Logbook } from './logbook.ts'

test('the newest lines come first, page by page, and no more are kept than the limit says', async () => {
  const printed: string[] = []
  const book = new Logbook({ nowMs: () => 1_000 }, (line) => printed.push(line))
  const count = limits.logLines + 3
  for (let line = 1; line <= count; line++) book.note(`line ${line} ${'x'.repeat(limits.logLineLength)}`)
  assert.equal(printed.length, count)
  const { log } = book.operations()
  const seen: string[] = []
  for (let cursor: string | null = null; ; ) {
    const page = await log({ limit: 300, cursor })
    seen.push(...page.items.map(({ id }) => id))
    assert.ok(page.items.every(({ text, at }) => text.length === limits.logLineLength && at.startsWith('1970-')))
    if (page.next === null) break
    cursor = page.next
  }
  assert.deepEqual(
    seen,
    Array.from({ length: limits.logLines }, (_, index) => String(count - index)),
  )
})
