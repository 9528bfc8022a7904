/** What the threaded Compute owes beyond the port's contract: bounded memory that always comes back, no deadlock, threads that may die. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isEngineError } from '../base/error.ts'
import { KiB, MiB } from '../limits.ts'
import { spawnThread } from '../platform/index.ts'
import type { SealedPiece, SealOptions } from '../ports.ts'
import { createInlineCompute } from './inlineCompute.ts'
import { inBlocks, randomLike } from './testBytes.ts'
import type { SpawnThread, Thread } from './thread.ts'
import { createThreadedCompute, type ThreadedCompute } from './threadedCompute.ts'

const options: SealOptions = { dedupKey: Buffer.alloc(32, 1), sealKey: Buffer.alloc(32, 2), known: () => undefined }

const start = (arenaBytes: number, spawn: SpawnThread = spawnThread) =>
  createThreadedCompute({ spawn, threads: 2, arenaBytes })

/** Seals and releases at once; answers the plain bytes that went through. */
async function drain(pieces: AsyncIterable<SealedPiece>): Promise<number> {
  let bytes = 0
  for await (const piece of pieces) {
    bytes += piece.reference.pieceBytes
    piece.release()
  }
  return bytes
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn()
}

test('many uploads through an arena for a few: all end, all memory comes back', async () => {
  const compute = start(4 * MiB)
  const content = randomLike(20 * MiB, 1)
  const ids = async (pieces: AsyncIterable<SealedPiece>) => {
    const found: string[] = []
    for await (const piece of pieces) {
      found.push(piece.reference.chunkId)
      piece.release()
    }
    return found
  }
  const expected = await ids(createInlineCompute().seal(inBlocks(content, 64 * KiB), options))
  const sealed = await Promise.all(
    Array.from({ length: 6 }, () => ids(compute.seal(inBlocks(content, 64 * KiB), options))),
  )
  for (const found of sealed) assert.deepEqual(found, expected)
  assert.equal(compute.usedBytes, 0)
  await compute.stop()
})

test('a consumer that keeps pieces stops the source; when it releases them, it goes on', async () => {
  const compute = start(6 * MiB)
  let readBytes = 0
  async function* source() {
    for (let seed = 0; seed < 200; seed++) {
      readBytes += 64 * KiB
      yield randomLike(64 * KiB, seed)
    }
  }
  const held: SealedPiece[] = []
  const done = (async () => {
    for await (const piece of compute.seal(source(), options)) held.push(piece)
  })()
  await until(() => compute.waiting === 1)
  assert(readBytes < 9 * MiB, `${readBytes} bytes were read ahead`)
  const end = { come: false }
  void done.then(() => {
    end.come = true
  })
  while (!end.come) {
    held.shift()?.release()
    await turn()
  }
  for (const piece of held) piece.release()
  assert.equal(readBytes, 200 * 64 * KiB)
  assert.equal(compute.usedBytes, 0)
  await compute.stop()
})

test('whatever ends an upload early, its memory comes back and the others go on', async () => {
  const compute = start(8 * MiB)
  const content = randomLike(5 * MiB, 2)
  for (let round = 0; round < 12; round++) {
    const stop = new AbortController()
    const stopAfter = (round + 1) * 300 * KiB
    async function* source(fails: boolean) {
      let bytes = 0
      for await (const block of inBlocks(content, 50_000)) {
        yield block
        bytes += block.length
        if (bytes < stopAfter) continue
        if (fails) throw new Error('source failed')
        stop.abort(new Error('aborted'))
      }
    }
    const ends = await Promise.allSettled([
      drain(compute.seal(source(true), options)),
      drain(compute.seal(source(false), { ...options, signal: stop.signal })),
      leaveAfter(round, compute.seal(inBlocks(content, 50_000), options)),
      drain(compute.seal(inBlocks(content, 50_000), options)),
    ])
    assert.deepEqual(
      ends.map((end) => (end.status === 'fulfilled' ? end.value : String(end.reason))),
      ['Error: source failed', 'Error: aborted', round, content.length],
    )
    assert.equal(compute.usedBytes, 0)
  }
  await compute.stop()
})

async function leaveAfter(count: number, pieces: AsyncIterable<SealedPiece>): Promise<number> {
  let taken = 0
  for await (const piece of pieces) {
    piece.release()
    if (taken === count) return taken
    taken++
  }
  return taken
}

test('a thread that dies fails its jobs and is replaced', async () => {
  const threads: Thread[] = []
  let sent = 0
  const spawn: SpawnThread = (module, heap) => {
    const thread = spawnThread(module, heap)
    threads.push(thread)
    const send: Thread['send'] = (message, transfer) => {
      thread.send(message, transfer)
      sent++
    }
    return { ...thread, send }
  }
  const compute = start(8 * MiB, spawn)
  const content = randomLike(3 * MiB, 3)
  const fate = drain(compute.seal(inBlocks(content, 64 * KiB), options))
  const died = assert.rejects(fate, (error) => isEngineError(error, 'thread-died') && error.retryable)
  await until(() => sent > threads.length)
  await Promise.all(threads.map((thread) => thread.stop()))
  await died
  assert.equal(compute.usedBytes, 0)
  assert.equal(await drain(compute.seal(inBlocks(content, 64 * KiB), options)), content.length)
  assert.equal(threads.length, 4)
  await compute.stop()
})

test('a thread that cannot even start fails what it should do, and nothing hangs', async () => {
  const broken: SpawnThread = (_module, heap) => spawnThread(new URL('file:///nowhere.ts'), heap)
  const compute = start(8 * MiB, broken)
  for (const bytes of [100, 1 * MiB]) {
    const content = randomLike(bytes, 4)
    await assert.rejects(drain(compute.seal(inBlocks(content, 64 * KiB), options)), (error) =>
      isEngineError(error, 'thread-died'),
    )
  }
  assert.equal(compute.usedBytes, 0)
  await compute.stop()
})

test('stop ends what is under way', async () => {
  const compute = start(8 * MiB)
  const isStopped = (error: unknown) => isEngineError(error, 'stopped')
  const ends = [100, 3 * MiB].map((bytes) => assert.rejects(drain(hanging(compute, bytes)), isStopped))
  const busy = assert.rejects(drain(compute.seal(inBlocks(randomLike(40 * MiB, 5), 64 * KiB), options)), isStopped)
  await until(() => compute.usedBytes > 3 * MiB)
  await compute.stop()
  await Promise.all([...ends, busy])
  await assert.rejects(drain(compute.seal(inBlocks(Buffer.of(1), 1), options)), isStopped)
  assert.equal(compute.usedBytes, 0)
})

function hanging(compute: ThreadedCompute, bytes: number): AsyncIterable<SealedPiece> {
  async function* source() {
    yield randomLike(bytes, 6)
    await new Promise(() => {})
  }
  return compute.seal(source(), options)
}

test('opening gives away the memory it was given, and copies what it was not', async () => {
  const compute = start(8 * MiB)
  for await (const piece of compute.seal(inBlocks(randomLike(1 * MiB, 7), 64 * KiB), options)) {
    const { reference, sealed } = piece
    assert(sealed !== null)
    const [lent, given] = [Buffer.from(new Uint8Array(sealed).buffer), Buffer.from(new Uint8Array(sealed).buffer)]
    piece.release()
    const opened = [await compute.open(lent, reference), await compute.open(given, reference, { own: true })]
    assert.deepEqual(opened[0], opened[1])
    assert.equal(lent.length, reference.sizeBytes)
    if (reference.sizeBytes > 128 * KiB) assert.equal(given.length, 0)
  }
  await compute.stop()
})
