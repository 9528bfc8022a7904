/** Keys, ids, changes and clocks for the catalog's tests: the same ones at each run. */
import { createHash } from 'node:crypto'
import type { EntryId, EpochId, NodeId, PoolId, SegmentId, VersionId } from '../../base/ids.ts'
import { ROOT_ENTRY } from '../../base/ids.ts'
import { blake3Hex } from '../../base/hash.ts'
import type { EpochKeys, Keyring } from '../../identity/types.ts'
import { systemClock } from '../../platform/index.ts'
import type { Clock } from '../../ports.ts'
import type { Change, Segment } from '../types.ts'

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

export function testId<Id extends string>(label: string): Id {
  return digest(label).toString('hex', 0, 16) as Id
}

export function testKeys(epoch: string): EpochKeys {
  return {
    id: testId<EpochId>(epoch),
    rowSaltKey: digest(`${epoch} salt`),
    rowBodyKey: digest(`${epoch} body`),
    chunkSealKey: digest(`${epoch} chunk`),
    segmentKey: digest(`${epoch} segment`),
  }
}

/** A keyring that knows the epochs named; the first is current. */
export function testKeyring(...epochs: string[]): Keyring {
  const keys = (epochs.length > 0 ? epochs : ['epoch']).map(testKeys)
  return {
    poolId: testId<PoolId>('pool'),
    current: () => keys[0] as EpochKeys,
    get: (id) => keys.find((each) => each.id === id),
    epochs: () => keys.map((each) => each.id),
    dedupKey: digest('dedup'),
    poolHint: '0123456789abcdef',
  }
}

/** A clock that stands still unless it is set; `soon` takes one turn of the event loop. */
export function testClock(atMs = 1_800_000_000_000): Clock & { set(nowMs: number): void } {
  let now = atMs
  return {
    set: (nowMs) => {
      now = nowMs
    },
    nowMs: () => now,
    monotonicMs: () => now,
    sleep: () => Promise.reject(new Error('this clock stands still')),
    timer: () => ({ [Symbol.dispose]: () => {} }),
    soon: () => systemClock.soon(),
  }
}

export function folder(name: string): Change {
  return { what: 'birth', entry: testId<EntryId>(name), parent: ROOT_ENTRY, name, version: null }
}

/** The bytes of a made-up segment; rows name segments by hash only. */
export function testSegment(label: string): Segment {
  const bytes = Buffer.from(`segment ${label}`)
  return { id: blake3Hex(bytes) as SegmentId, bytes }
}

/** A file's birth with one version that names the segments. */
export function file(name: string, segments: readonly Segment[] = [], parent: EntryId = ROOT_ENTRY): Change {
  const entry = testId<EntryId>(name)
  return {
    what: 'birth',
    entry,
    parent,
    name,
    version: {
      version: testId<VersionId>(`${name} first version`),
      entry,
      segments: segments.map((segment) => segment.id),
      parents: [],
      sizeBytes: 4096,
      modifiedMs: 1_700_000_000_000,
      createdMs: 1_700_000_000_001,
      author: testId<NodeId>('author'),
    },
  }
}

/** A later version of such a file. */
export function laterVersion(name: string, label: string, segments: readonly Segment[] = []): Change {
  return {
    what: 'version',
    version: {
      version: testId<VersionId>(`${name} ${label}`),
      entry: testId<EntryId>(name),
      segments: segments.map((segment) => segment.id),
      parents: [testId<VersionId>(`${name} first version`)],
      sizeBytes: 8192,
      modifiedMs: 1_700_000_000_000,
      createdMs: 1_700_000_000_001,
      author: testId<NodeId>('author'),
    },
  }
}

export function moved(name: string, to: string, parent: EntryId = ROOT_ENTRY): Change {
  return { what: 'location', entry: testId<EntryId>(name), parent, name: to }
}
