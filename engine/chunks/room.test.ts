import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Deferred, deferred } from '../base/async.ts'
import { isEngineError } from '../base/error.ts'
import { limits, MiB } from '../limits.ts'
import type { Clock, Disk } from '../ports.ts'
import { Room } from './room.ts'

/** A room whose disk answers when the test does, on a clock that the test moves. */
function roomOf(minimumFreeBytes: number) {
  const questions: Deferred<number>[] = []
  const time = { nowMs: 0 }
  const freeBytes = () => {
    const question = deferred<number>()
    questions.push(question)
    return question.promise
  }
  const disk = { freeBytes } as Partial<Disk> as Disk
  const clock = { monotonicMs: () => time.nowMs } as Partial<Clock> as Clock
  const room = new Room({ disk, clock, quotaBytes: 1000 * MiB, minimumFreeBytes }, 0)
  return { room, questions, time }
}

/** Until all that was set off is waiting for the disk. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve))

test('an answer that was asked for before something was deleted refuses nothing', async () => {
  const { room, questions } = roomOf(MiB)
  const early = room.bytes()
  room.askAnew()
  const reserved = room.reserve(5)
  questions[0]?.resolve(0)
  assert.equal(await early, 0)
  await settled()
  assert.equal(questions.length, 2)
  questions[1]?.resolve(30 * MiB)
  await reserved
  await room.reserve(5)
  assert.equal(questions.length, 2)
})

test('where plenty is free the disk is asked rarely, where little is left at each turn', async () => {
  const { room, questions, time } = roomOf(0)
  const reserve = async (freeBytes: number) => {
    const reserved = room.reserve(MiB).then(() => room.fill(MiB))
    await settled()
    questions.at(-1)?.resolve(freeBytes)
    await reserved
  }
  await reserve(2 * limits.freeSpacePlentyBytes)
  time.nowMs = limits.freeSpaceAskMs
  await reserve(limits.freeSpacePlentyBytes)
  assert.equal(questions.length, 1)
  // From here on others may have filled it.
  time.nowMs++
  await reserve(limits.freeSpacePlentyBytes)
  assert.equal(questions.length, 2)
  time.nowMs += limits.freeSpaceReaskMs + 1
  await assert.rejects(reserve(0), (error) => isEngineError(error, 'disk-full'))
  assert.equal(questions.length, 3)
})
