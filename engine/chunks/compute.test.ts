/** The contract of the Compute port, against each implementation. */
import assert from 'node:assert/strict'
import { cpus } from 'node:os'
import { after, describe, test } from 'node:test'
import { isEngineError } from '../base/error.ts'
import { blake3Hex } from '../base/hash.ts'
import { KiB, limits, MiB } from '../limits.ts'
import { spawnThread } from '../platform/index.ts'
import type { ChunkReference, SealedPiece, SealOptions } from '../ports.ts'
import { createInlineCompute } from './inlineCompute.ts'
import { hashPiece } from './seal.ts'
import { inBlocks, randomLike, textLike } from './testBytes.ts'
import { createThreadedCompute, type FileCompute } from './threadedCompute.ts'

const options: SealOptions = {
  dedupKey: Buffer.alloc(32, 1),
  sealKey: Buffer.alloc(32, 2),
  known: () => undefined,
}

interface Sealed {
  readonly reference: ChunkReference
  readonly sealed: Buffer | null
}

/** All pieces, copied out of the memory that they give back. */
async function sealAll(pieces: AsyncIterable<SealedPiece>): Promise<Sealed[]> {
  const all: Sealed[] = []
  for await (const piece of pieces) {
    all.push({ reference: piece.reference, sealed: piece.sealed && Buffer.from(piece.sealed) })
    piece.release()
  }
  return all
}

const makers: Record<string, () => FileCompute> = {
  inline: createInlineCompute,
  threaded: () => createThreadedCompute({ spawn: spawnThread, threads: Math.min(2, cpus().length) }),
}

for (const [name, make] of Object.entries(makers)) {
  describe(`${name} compute`, () => {
    const compute = make()
    after(() => compute.stop())
    const seal = (content: Uint8Array, blockBytes = 64 * KiB, more: Partial<SealOptions> = {}) =>
      sealAll(compute.seal(inBlocks(content, blockBytes), { ...options, ...more }))

    const contents: Record<string, Buffer> = {
      'one byte': Buffer.of(7),
      'small random': randomLike(4096, 1),
      'small text': textLike(4096, 1),
      'the last that is small': randomLike(limits.inlineSealBytes, 2),
      'the first that is not': randomLike(limits.inlineSealBytes + 1, 3),
      'a few bytes more': randomLike(limits.inlineSealBytes + 9, 3),
      'one window exactly': randomLike(limits.sealWindowBytes, 4),
      'text of several pieces': textLike(3 * MiB + 5, 5),
      'random of several pieces': randomLike(21 * MiB + 1, 6),
      zeros: Buffer.alloc(2 * MiB + 3),
    }

    for (const [kind, content] of Object.entries(contents)) {
      test(`${kind}: what is sealed opens to the content, in order`, async () => {
        const pieces = await seal(content)
        const opened: Uint8Array[] = []
        for (const { reference, sealed } of pieces) {
          assert(sealed !== null)
          assert.equal(sealed.length, reference.sizeBytes)
          assert.equal(blake3Hex(sealed), reference.chunkId)
          const piece = await compute.open(sealed, reference)
          assert.equal(piece.length, reference.pieceBytes)
          assert.deepEqual(hashPiece(options.dedupKey, piece), reference.pieceHash)
          opened.push(piece)
        }
        assert(Buffer.concat(opened).equals(content))
      })
    }

    test('an empty content has no pieces', async () => {
      assert.deepEqual(await seal(Buffer.alloc(0)), [])
    })

    test('blocks of any size, empty ones too, give the same pieces', async () => {
      const content = randomLike(2 * MiB + 77, 8)
      const ids = async (pieces: Promise<Sealed[]>) => (await pieces).map(({ reference }) => reference.chunkId)
      const expected = await ids(seal(content))
      assert.deepEqual(await ids(seal(content, 1000)), expected)
      assert.deepEqual(await ids(seal(content, 10 * MiB)), expected)
      async function* uneven() {
        yield new Uint8Array(0)
        yield content.subarray(0, 1)
        yield new Uint8Array(0)
        yield content.subarray(1)
      }
      assert.deepEqual(await ids(sealAll(compute.seal(uneven(), options))), expected)
      let at = 0
      const read = async (target: Uint8Array) => {
        const part = content.subarray(at, at + Math.min(target.length, 100_000))
        target.set(part)
        at += part.length
        return part.length
      }
      assert.deepEqual(await ids(sealAll(compute.sealFrom(read, options))), expected)
    })

    test('known pieces are not sealed again and keep their place', async () => {
      const content = randomLike(600 * KiB, 9)
      const all = await seal(content)
      const stored = new Map(
        all.map(({ reference }, index) => [reference.pieceHash.toString('hex'), { reference, index }]),
      )
      const known = (pieceHash: Buffer) => {
        const found = stored.get(pieceHash.toString('hex'))
        return found !== undefined && found.index % 2 === 0 ? found.reference : undefined
      }
      const again = await seal(content, undefined, { known })
      assert.deepEqual(
        again.map(({ reference }) => reference),
        all.map(({ reference }) => reference),
      )
      for (const [index, { sealed }] of again.entries()) assert.equal(sealed === null, index % 2 === 0)
      const small = await seal(contents['small text'] as Buffer)
      const same = await seal(contents['small text'] as Buffer, undefined, { known: () => small[0]?.reference })
      assert.deepEqual(same, [{ reference: small[0]?.reference, sealed: null }])
    })

    test('what the source throws comes out, at any place', async () => {
      for (const bytes of [0, 10, 20 * KiB, 900 * KiB, 2 * MiB]) {
        async function* failing() {
          yield randomLike(bytes, 10)
          throw new Error('the file went away')
        }
        await assert.rejects(sealAll(compute.seal(failing(), options)), /the file went away/)
      }
    })

    test('what the look-up throws comes out', async () => {
      const known = () => {
        throw new Error('no catalog')
      }
      await assert.rejects(seal(randomLike(100, 11), undefined, { known }), /no catalog/)
      await assert.rejects(seal(randomLike(1 * MiB, 11), undefined, { known }), /no catalog/)
    })

    test('an aborted signal ends it with its reason, whatever it waits for', async () => {
      const aborted = AbortSignal.abort(new Error('too late'))
      await assert.rejects(seal(Buffer.of(1), undefined, { signal: aborted }), /too late/)
      for (const bytes of [0, 100 * KiB, 2 * MiB]) {
        const stop = new AbortController()
        async function* hanging() {
          yield randomLike(bytes, 12)
          queueMicrotask(() => stop.abort(new Error('enough')))
          await new Promise(() => {})
        }
        await assert.rejects(sealAll(compute.seal(hanging(), { ...options, signal: stop.signal })), /enough/)
      }
    })

    test('the source is told when nobody listens any more', async () => {
      const source = { closed: false }
      async function* endless() {
        try {
          for (let seed = 0; ; seed++) yield randomLike(64 * KiB, seed)
        } finally {
          source.closed = true
        }
      }
      for await (const piece of compute.seal(endless(), options)) {
        piece.release()
        break
      }
      for (let turn = 0; turn < 100 && !source.closed; turn++) await new Promise((resolve) => setImmediate(resolve))
      assert(source.closed)
    })

    test('a piece is released once', async () => {
      for await (const piece of compute.seal(inBlocks(randomLike(100, 13), 100), options)) {
        piece.release()
        assert.throws(() => piece.release(), /once/)
      }
    })

    test('chunks that were given away open as well, small and large', async () => {
      for (const content of [textLike(4000, 14), randomLike(400 * KiB, 14), textLike(400 * KiB, 14)]) {
        const [first] = await seal(content)
        assert(first !== undefined && first.sealed !== null)
        const opened = await compute.open(first.sealed, first.reference, { own: true })
        assert(content.subarray(0, first.reference.pieceBytes).equals(opened))
      }
    })

    test('a damaged chunk is damaged, small and large', async () => {
      for (const content of [randomLike(4000, 15), randomLike(300 * KiB, 15)]) {
        const pieces = await seal(content)
        const last = pieces.at(-1)
        assert(last !== undefined && last.sealed !== null)
        const { reference } = last
        const broken = Buffer.from(last.sealed)
        broken.writeUInt8(broken.readUInt8(broken.length - 1) ^ 1, broken.length - 1)
        const isDamaged = (error: unknown) => isEngineError(error, 'damaged')
        await assert.rejects(compute.open(broken, reference), isDamaged)
        await assert.rejects(compute.open(broken.subarray(1), reference), isDamaged)
      }
    })
  })
}

test('all implementations cut and seal to the same chunks', async () => {
  const content = Buffer.concat([randomLike(9 * MiB, 16), textLike(3 * MiB, 16)])
  const results: ChunkReference[][] = []
  for (const make of Object.values(makers)) {
    const compute = make()
    results.push((await sealAll(compute.seal(inBlocks(content, 64 * KiB), options))).map(({ reference }) => reference))
    await compute.stop()
  }
  for (const result of results) assert.deepEqual(result, results[0])
})
