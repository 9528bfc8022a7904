// The runner decides what counts as green, so what must not count as green is shown here.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { runTestFile, type Tally } from './suite.ts'

/** The limit is waited for only where a file does not end by itself. */
async function runText(
  context: TestContext,
  text: string,
  limitMs = 60_000,
): Promise<{ tally: Tally; fault: string | undefined }> {
  const folder = mkdtempSync(join(tmpdir(), 'hadahoop-suite-'))
  context.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'sample.test.mjs')
  writeFileSync(file, `import { test, describe } from 'node:test'\nimport assert from 'node:assert'\n${text}`)
  const { tally, fault } = await runTestFile(file, { limitMs, testLimitMs: 1_000, gather: true })
  return { tally, fault }
}

test('passed, failed and skipped tests are counted one by one, groups are not', async (context) => {
  const { tally, fault } = await runText(
    context,
    `describe('group', () => { test('a', () => {}); test('b', () => assert.fail()) })
     test('c', async (t) => { await t.test('d', () => {}) })
     test.skip('e'); test.todo('f', () => assert.fail())`,
  )
  assert.deepEqual(tally, { passed: 3, failed: 1, skipped: 2 })
  assert.equal(fault, undefined)
})

test('a test that hangs fails', async (context) => {
  const hang = `test('hang', async ({ signal }) => {
    const timer = setInterval(() => {}, 10)
    signal.addEventListener('abort', () => clearInterval(timer))
    await new Promise(() => {})
  })`
  const { tally } = await runText(context, `${hang}\ntest('a', () => {})`)
  assert.deepEqual(tally, { passed: 1, failed: 1, skipped: 0 })
})

test('a file that passed but left something open is a failure', async (context) => {
  const { tally, fault } = await runText(context, `test('a', () => { setInterval(() => {}, 10) })`, 10_000)
  assert.deepEqual(tally, { passed: 1, failed: 1, skipped: 0 })
  assert.match(fault ?? '', /left open/)
})

test('a crash outside the tests, or a file without tests, is a failure', async (context) => {
  const crashed = await runText(context, `test('a', () => {}); process.on('exit', () => process.reallyExit(7))`)
  assert.deepEqual(crashed.tally, { passed: 1, failed: 1, skipped: 0 })
  assert.match(crashed.fault ?? '', /exit code 7/)
  const broken = await runText(context, `throw new Error('at once')`)
  assert.deepEqual(broken.tally, { passed: 0, failed: 1, skipped: 0 })
  const empty = await runText(context, '')
  assert.match(empty.fault ?? '', /no test/)
})
