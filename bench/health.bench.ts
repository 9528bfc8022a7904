/**
 * Health, what-if and the planning of repair over one catalog on one core, in both shapes: as many files as chunks, and few large files (BENCH_SHAPE: small or large;
 * default both). BENCH_CHUNKS: how many chunks (default 100,000). Five machines, two copies. The data lies under BENCH_DIR, else in the temporary folder.
 */
import { type ChunkId, type NodeId, ROOT_ENTRY } from '../engine/base/ids.ts'
import { type Catalog, SegmentBuilder } from '../engine/catalog/index.ts'
import { testId } from '../engine/catalog/testing/pool.ts'
import { Census } from '../engine/files/index.ts'
import { systemClock } from '../engine/platform/index.ts'
import type { ChunkReference } from '../engine/ports.ts'
import { type Orders, Repair, type RepairMember, type Roster } from '../engine/replication/index.ts'
import { digest, keyring, openBenchCatalog } from './catalogs.ts'
import { report } from './figures.ts'

const count = Number(process.env['BENCH_CHUNKS'] ?? 100_000)
const atOnce = 1000

const nodes = [0, 1, 2, 3, 4].map((index) => testId<NodeId>(`node ${index}`))

function censusOf(catalog: Catalog, gone: ReadonlySet<NodeId>): Census {
  const there = new Set(nodes.filter((node) => !gone.has(node)))
  const roster = {
    members: () => new Set(nodes),
    durable: () => there,
    reachable: () => there,
    connected: () => there,
    places: () =>
      nodes.map((nodeId) => ({ nodeId, weight: 1e12, site: '', machineHash: nodeId, fill: 0.1, accepts: true })),
    space: () => ({ usedBytes: 1e11, quotaBytes: 1e12 }),
    profile: () => undefined,
  }
  return new Census({ catalog, roster: roster as unknown as Roster, clock: systemClock, isComparing: () => false })
}

async function fill(catalog: Catalog, chunksPerFile: number): Promise<void> {
  const claims = nodes.map((): ChunkId[] => [])
  const perRound = Math.max(atOnce, chunksPerFile)
  for (let first = 0; first < count; first += perRound) {
    const works: Promise<unknown>[] = []
    for (let at = first; at < Math.min(first + perRound, count); at += chunksPerFile) {
      const builder = new SegmentBuilder(keyring.current())
      const segments = Array.from({ length: chunksPerFile }, (_, index) => {
        const hash = digest(`chunk ${at + index}`)
        const chunkId = hash.toString('hex') as ChunkId
        const first = hash.readUInt16BE(10) % nodes.length
        claims[first]?.push(chunkId)
        claims[(first + 1 + (hash.readUInt16BE(12) % (nodes.length - 1))) % nodes.length]?.push(chunkId)
        const reference: ChunkReference = { chunkId, sizeBytes: 4096, pieceBytes: 4096, key: hash, pieceHash: hash }
        return builder.push(reference)
      })
      const whole = [...segments, builder.finish()].filter((each) => each !== undefined)
      const entry = testId<typeof ROOT_ENTRY>(`entry ${at}`)
      const times = { sizeBytes: 4096, modifiedMs: 1, createdMs: 1, author: nodes[0] as NodeId }
      const version = {
        version: testId<never>(`version ${at}`),
        entry,
        segments: whole.map((each) => each.id),
        parents: [],
      }
      works.push(
        catalog.transact((tx) => {
          for (const segment of whole) tx.addSegment(segment)
          tx.write({
            what: 'birth',
            entry,
            parent: ROOT_ENTRY,
            name: `file ${at}`,
            version: { ...version, ...times },
          })
        }),
      )
    }
    await Promise.all(works)
    await catalog.transact(() => {
      for (const [index, chunks] of claims.entries()) catalog.chunks.claim(nodes[index] as NodeId, chunks.splice(0), [])
    })
  }
}

async function timed<T>(label: string, work: () => Promise<T>): Promise<T> {
  const startMs = performance.now()
  let longestMs = 0
  let lastMs = startMs
  let done = false
  const watch = (): void => {
    longestMs = Math.max(longestMs, performance.now() - lastMs)
    lastMs = performance.now()
    if (!done) setImmediate(watch)
  }
  setImmediate(watch)
  const value = await work()
  report(label, performance.now() - startMs, 'ms')
  done = true
  await systemClock.soon()
  report('  longest stretch without the event loop', longestMs, 'ms')
  return value
}

/** Orders that are carried out at once: what is timed is looking, planning and taking in the claims. */
function instantOrders(catalog: Catalog) {
  const claims = new Map<NodeId, ChunkId[]>()
  const orders: Pick<Orders, 'give' | 'hasRoom' | 'idle' | 'isAvoided' | 'isUnderWay' | 'stop' | 'copied'> = {
    copied: { chunks: 0, bytes: 0 },
    idle: true,
    isUnderWay: () => false,
    isAvoided: () => false,
    hasRoom: () => true,
    stop: () => Promise.resolve(),
    give: (given) => {
      for (const { chunk, targets } of given)
        for (const target of targets) claims.set(target, [...(claims.get(target) ?? []), chunk])
      return []
    },
  }
  const carryOut = async (): Promise<number> => {
    const chunks = [...claims.values()].reduce((sum, each) => sum + each.length, 0)
    await catalog.transact(() => {
      for (const [target, ids] of claims) catalog.chunks.claim(target, ids, [])
    })
    claims.clear()
    return chunks
  }
  return { orders: orders as Orders, carryOut }
}

function repairOf(catalog: Catalog, self: NodeId, gone: ReadonlySet<NodeId>, orders: Orders): Repair {
  const standings = new Map(
    nodes.map((nodeId): [NodeId, RepairMember] => {
      const there = !gone.has(nodeId)
      const place = { nodeId, weight: 1e12, site: '', machineHash: nodeId, fill: 0.1, accepts: there }
      const counts = { counts: there, countsIfOneLeft: there, draining: false, careful: false }
      return [nodeId, { place, plans: true, connected: there, reachable: there, ...counts }]
    }),
  )
  const roster = {
    standings: () => standings,
    onChange: () => ({ [Symbol.dispose]: () => undefined }),
    lastSeenMs: () => 0,
    waitEndsMonotonicMs: () => null,
  }
  return new Repair({ self, catalog, roster: roster as unknown as Roster, orders, clock: systemClock })
}

/** Repair after one machine was lost, as one of the others sees it: the copies of its turn, until a pass is done. */
async function measureRepair(catalog: Catalog, gone: ReadonlySet<NodeId>): Promise<void> {
  const { orders, carryOut } = instantOrders(catalog)
  const repair = repairOf(catalog, nodes[1] as NodeId, gone, orders)
  let [steps, planned, planningMs, longestMs] = [0, 0, 0, 0]
  for (let last = false; !last; steps++) {
    const startMs = performance.now()
    last = (await repair.step()).next !== 'now'
    const tookMs = performance.now() - startMs
    planningMs += tookMs
    longestMs = Math.max(longestMs, tookMs)
    planned += await carryOut()
  }
  report('repair of a lost machine: copies planned by one of four', planned, 'chunks', `${steps} steps`)
  report('  planning', planningMs, 'ms', `${((1000 * planningMs) / Math.max(1, planned)).toFixed(0)} µs per copy`)
  report('  longest step', longestMs, 'ms')
}

async function measure(name: string, chunksPerFile: number): Promise<void> {
  let catalog = openBenchCatalog(name)
  let startMs = performance.now()
  await fill(catalog, chunksPerFile)
  report(`${count} chunks in files of ${chunksPerFile} authored and claimed`, performance.now() - startMs, 'ms')
  catalog.close()
  catalog = openBenchCatalog(name)
  const gone = new Set(nodes.slice(0, 1))
  const census = censusOf(catalog, gone)
  await timed('first health after the start, one machine gone', () => census.settled())
  census.invalidate()
  await timed('health again', () => census.settled())
  await timed('what if two machines were lost', () => census.whatIf(new Set(nodes.slice(1, 3))))
  const changed = catalog.chunks.heldBy(nodes[3] as NodeId, null, 1000).map((each) => each.chunkId)
  startMs = performance.now()
  await catalog.transact(() => catalog.chunks.claim(nodes[0] as NodeId, changed, []))
  report('1,000 claims', performance.now() - startMs, 'ms')
  await timed('what-if after 1,000 claims', () => census.whatIf(new Set(nodes.slice(1, 3))))
  census.stop()
  await measureRepair(catalog, gone)
  catalog.close()
}

const shape = process.env['BENCH_SHAPE']
if (shape !== 'large') await measure('small files', 1)
if (shape !== 'small') await measure('large files', Math.min(100_000, count / 10))
report('peak memory', process.resourceUsage().maxRSS / 1e3, 'MB')
