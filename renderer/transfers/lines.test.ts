import assert from 'node:assert/strict'
import test from 'node:test'
import type { Transfer } from '../../shared/index.ts'
import { lineOfTransfer, lineOfUpload, paceText, totalOf, uncopiedText } from './lines.ts'

function transfer(facts: Partial<Transfer>): Transfer {
  return {
    ...{ id: 'a'.repeat(32), name: 'Photos', paths: ['/home/a/Photos'], pathsTotal: 1, folder: '/In/Here' },
    ...{ state: 'running', phase: 'storing', bytesDone: 0, bytesTotal: 0, filesDone: 0, filesTotal: 0, counted: true },
    ...{ filesSkipped: 0, filesLeftOut: 0, filesFailed: 0, filesCopying: 0, rateBytesPerSec: 0, secondsLeft: null },
    ...{ startedAt: '2026-01-01T00:00:00.000Z', finishedAt: null, failed: [] },
    ...facts,
  }
}

test('each state of an import in words', () => {
  const say = (facts: Partial<Transfer>) => lineOfTransfer(transfer(facts)).sentence
  const half = { filesDone: 1000, filesTotal: 2000, bytesDone: 5_000_000, bytesTotal: 10_000_000 }
  assert.equal(say({ state: 'queued' }), 'Waits for its turn.')
  assert.equal(say({}), 'Looking at what there is …')
  assert.equal(say(half), '1,000 of 2,000 files, 5 MB of 10 MB')
  assert.equal(say({ ...half, counted: false }), '1,000 of 2,000 files so far, 5 MB of 10 MB')
  assert.equal(say({ ...half, state: 'paused' }), 'Paused. 1,000 of 2,000 files, 5 MB of 10 MB')
  assert.equal(say({ ...half, state: 'cancelled' }), 'Cancelled. 1,000 files stored.')
  assert.equal(say({ ...half, state: 'failed', filesFailed: 1 }), '1 file not stored, 1,000 stored.')
  assert.equal(say({ ...half, state: 'failed' }), 'Stopped. 1,000 of 2,000 files, 5 MB of 10 MB')
  const done = { state: 'done', filesDone: 2000, bytesDone: 10_000_000 } as const
  assert.equal(say(done), '2,000 files, 10 MB.')
  assert.equal(say({ ...done, filesCopying: 12 }), '2,000 files, 10 MB. 12 not yet copied to other machines.')
  assert.equal(say({ ...done, filesSkipped: 2000 }), '2,000 files, 10 MB. All were there already.')
  assert.equal(
    say({ ...done, filesSkipped: 3, filesLeftOut: 1 }),
    '2,000 files, 10 MB. 3 were there already. 1 link left out.',
  )
})

test('a failure says why and what to do', () => {
  const error = {
    type: '',
    title: '',
    status: 507,
    code: 'quota-full',
    detail: 'this machine has no space',
    hint: 'Give more.',
  }
  assert.deepEqual(lineOfTransfer(transfer({ state: 'failed', error })).problems, [
    'This machine has no space. Give more.',
  ])
  const failed = [{ path: '/a', code: 'source-changed', text: '/a changed while it was read' }]
  const line = lineOfTransfer(transfer({ state: 'failed', error, failed, filesFailed: 70 }))
  assert.deepEqual(line.problems, ['/a changed while it was read'])
  assert.equal(line.problemsMore, 69)
})

test('speed and time left, of one and of all', () => {
  const one = lineOfTransfer(transfer({ bytesTotal: 1e9, bytesDone: 5e8, rateBytesPerSec: 2e6, secondsLeft: 250 }))
  assert.equal(paceText(one), '2 MB/s, 4 min 10 s left')
  assert.equal(paceText({ ...one, state: 'paused' }), '')
  const two = lineOfTransfer(transfer({ bytesTotal: 1e9, rateBytesPerSec: 1e6, secondsLeft: 600, folder: '/' }))
  assert.deepEqual(two.folder, [])
  const total = totalOf([one, two], 1e6)
  assert.deepEqual(
    [total.bytesDone, total.rateBytesPerSec, total.secondsLeft, total.isAllPaused],
    [5e8, 4e6, 600, false],
  )
  assert.ok(total.part > 0.24 && total.part < 0.26, String(total.part))
  // What is still being counted, or waits for its turn, may take any time.
  assert.equal(totalOf([one, lineOfTransfer(transfer({}))], 0).secondsLeft, null)
  assert.equal(totalOf([one, lineOfTransfer(transfer({ state: 'queued' }))], 0).secondsLeft, null)
  assert.equal(totalOf([{ ...one, state: 'paused' }], 0).isAllPaused, true)
  assert.ok(lineOfTransfer(transfer({ counted: false, filesDone: 10, filesTotal: 10 })).part < 1)
})

test('an upload of the window makes the same kind of line', () => {
  const upload = {
    state: 'running',
    ...{ id: 1, name: 'x', begunMs: 0, folder: [], filesTotal: 2, filesDone: 1 },
    ...{ bytesTotal: 200, bytesDone: 100, filesCopying: 1, failures: [] },
  } as const
  const line = lineOfUpload(upload, 10_000)
  assert.deepEqual([line.phase, line.part, line.secondsLeft], ['storing', 0.5, 10])
  assert.equal(lineOfUpload({ ...upload, state: 'done' }, 0).phase, 'copying')
  assert.equal(lineOfUpload({ ...upload, state: 'done', filesCopying: 0 }, 0).phase, 'protected')
})

test('what is not yet copied is counted in words', () => {
  assert.equal(uncopiedText(0), null)
  assert.equal(uncopiedText(1), '1 file is not yet copied')
  assert.equal(uncopiedText(2), '2 files are not yet copied')
})
