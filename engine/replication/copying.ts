/**
 * Sends replicas of this node on to others, for whoever plans repair: this node or another full member. Bounded in copies and
 * bytes, within the limits of rates of both ends, behind people's own reads and writes. It decides nothing and remembers nothing: an
 * order that is lost with a restart is given again, and a copy that is there already is answered so.
 */
import { Semaphore } from '../base/async.ts'
import { bytesOf, hexOf } from '../base/bytes.ts'
import { EngineError, isEngineError } from '../base/error.ts'
import type { ChunkId, NodeId } from '../base/ids.ts'
import { freeNow } from '../base/memory.ts'
import type { Catalog } from '../catalog/index.ts'
import type { ChunkStore } from '../chunks/index.ts'
import { limits } from '../limits.ts'
import { type Peer, type PeerNetwork, peerOf } from '../net/index.ts'
import type { Clock } from '../ports.ts'
import type { Courier } from './courier.ts'
import type { Foreground } from './foreground.ts'
import { copyChunks, grantBytes, packIds, unpackIds } from './messages.ts'
import type { Roster } from './roster.ts'
import { limitsNow } from './limitHours.ts'
import { Throttle } from './throttle.ts'

/** One replica to make; `atRisk`: it goes even from a machine on battery. */
export interface Copy {
  readonly chunk: ChunkId
  readonly target: NodeId
  readonly atRisk: boolean
}

export interface CopyingDeps {
  readonly self: NodeId
  readonly catalog: Catalog
  readonly store: ChunkStore
  readonly courier: Courier
  readonly network: PeerNetwork
  readonly roster: Roster
  readonly foreground: Foreground
  readonly clock: Clock
}

/** Bytes that are asked for at once, so that small chunks do not ask each. */
const grantAheadMs = 1_000

export class Copying {
  readonly #deps: CopyingDeps
  readonly #stopped = new AbortController()
  readonly #slots = new Semaphore(limits.copiesAtOnce)
  readonly #besideForeground = new Semaphore(limits.copiesBesideForeground)
  readonly #memory = new Semaphore(limits.copyAheadBytes)
  readonly #up: Throttle
  readonly #down: Throttle
  /** Bytes that targets have granted and that have not been sent yet. */
  readonly #granted = new Map<NodeId, number>()
  readonly #running = new Set<Promise<string>>()

  constructor(deps: CopyingDeps) {
    this.#deps = deps
    const rates = () => limitsNow(deps.catalog.read.settings(), deps.clock.nowMs())
    this.#up = new Throttle(() => rates().up)
    this.#down = new Throttle(() => rates().down)
    deps.network.handle(copyChunks, async (body, { peer }) => ({ results: await this.#serve(body, peer) }))
    deps.network.handle(grantBytes, async ({ sizeBytes }) => {
      const waitMs = this.#down.reserve(sizeBytes, deps.clock.monotonicMs())
      return { waitMs: waitMs === undefined ? null : Math.ceil(waitMs) }
    })
  }

  /** What became of each copy, as chunks.copy answers it. */
  async run(copies: readonly Copy[]): Promise<string[]> {
    return await Promise.all(
      copies.map(async (copy) => {
        if (this.#running.size >= limits.copiesQueued) return 'too-busy'
        const running = this.#copy(copy).catch((error: unknown) => {
          if (isEngineError(error)) return error.code
          if (this.#stopped.signal.aborted) return 'stopped'
          throw error
        })
        this.#running.add(running)
        return await running.finally(() => this.#running.delete(running))
      }),
    )
  }

  async stop(): Promise<void> {
    this.#stopped.abort()
    await Promise.allSettled(this.#running)
  }

  async #serve(body: { ids: Uint8Array; targets: Uint8Array[]; copies: number[]; atRisk: boolean }, peer: Peer) {
    if (this.#deps.roster.standings().get(peer.nodeId)?.plans !== true)
      throw new EngineError('refused', 'only full members give orders')
    const targets = body.targets.map((target) => hexOf(target) as NodeId)
    const copies = unpackIds(body.ids).map((chunk, index) => {
      const target = targets[body.copies[index] ?? -1]
      if (target === undefined) throw new EngineError('bad-message', 'a copy without a target')
      return { chunk, target, atRisk: body.atRisk }
    })
    return await this.run(copies)
  }

  async #copy({ chunk, target, atRisk }: Copy): Promise<string> {
    const { self, store, courier, catalog, roster, foreground } = this.#deps
    if (roster.careful && !atRisk) return 'careful'
    const { signal } = this.#stopped
    using held = new DisposableStack()
    held.defer(await this.#slots.take(1, signal))
    if (foreground.busy) held.defer(await this.#besideForeground.take(1, signal))
    const sizeBytes = store.sizeBytes(chunk)
    if (sizeBytes === undefined) {
      await catalog.transact(() => catalog.chunks.claim(self, [], [chunk]))
      return 'missing'
    }
    if (!(await this.#passThrottles(target, sizeBytes, signal))) return 'too-busy'
    held.defer(await this.#memory.take(sizeBytes, signal))
    const sealed = await store.get(chunk, { verify: true })
    if (sealed === undefined) return 'missing'
    held.defer(() => freeNow(sealed))
    return await courier.store(
      target,
      { id: chunk, sealed, lease: null },
      { timeoutMs: limits.requestTimeoutMs, signal },
    )
  }

  /** Waits until both limits of rates let the bytes go; false if that is too far ahead. */
  async #passThrottles(target: NodeId, sizeBytes: number, signal: AbortSignal): Promise<boolean> {
    const { clock, network } = this.#deps
    if (this.#down.limited) {
      const left = (this.#granted.get(target) ?? 0) - sizeBytes
      if (left < 0) {
        const ahead = Math.floor(((this.#deps.catalog.read.settings()?.downBytesPerSec ?? 0) * grantAheadMs) / 1000)
        const askedBytes = Math.max(sizeBytes, ahead)
        const { waitMs } = (await peerOf(network, target).request(grantBytes, { sizeBytes: askedBytes })).body
        if (waitMs === null) return false
        this.#granted.set(target, (this.#granted.get(target) ?? 0) + askedBytes - sizeBytes)
        await clock.sleep(waitMs, signal)
      } else {
        this.#granted.set(target, left)
      }
    }
    const waitMs = this.#up.reserve(sizeBytes, clock.monotonicMs())
    if (waitMs === undefined) return false
    if (waitMs > 0) await clock.sleep(waitMs, signal)
    return true
  }
}

/** Gives copies to a holder that is not this node. Throws `peer-gone`, `timeout`. */
export async function orderCopies(
  network: PeerNetwork,
  holder: NodeId,
  copies: readonly Copy[],
  timeoutMs: number,
): Promise<readonly string[]> {
  const targets = [...new Set(copies.map(({ target }) => target))]
  const body = {
    ids: packIds(copies.map(({ chunk }) => chunk)),
    targets: targets.map(bytesOf),
    copies: copies.map(({ target }) => targets.indexOf(target)),
    atRisk: copies.every(({ atRisk }) => atRisk),
  }
  return (await peerOf(network, holder).request(copyChunks, body, { timeoutMs })).body.results
}
