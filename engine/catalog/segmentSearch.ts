/**
 * Fetches segments that versions name and that are not here, from whichever connected member has them. Segments are no rows:
 * a walk brings the versions, this brings what they name. What no member has now is asked for again later and when
 * another member connects; until then the versions stay uncounted.
 */
import { blake3Hex } from '../base/hash.ts'
import type { NodeId, SegmentId } from '../base/ids.ts'
import { limits } from '../limits.ts'
import type { Peer } from '../net/index.ts'
import type { Clock } from '../ports.ts'
import { getSegments, packSegmentIds } from './messages.ts'
import type { Catalog, Segment } from './types.ts'

export interface SegmentSearchDeps {
  readonly catalog: Catalog
  readonly clock: Clock
  /** Members that may be asked now. */
  readonly peers: () => Peer[]
  readonly failed: (error: unknown, what: string) => void
}

export class SegmentSearch {
  readonly #deps: SegmentSearchDeps
  #searching = false
  #again = false
  #stopped = false
  /** Monotonic time before which a search that found nothing is not repeated with the same peers. */
  #restUntilMs = 0
  #restedFor = ''

  constructor(deps: SegmentSearchDeps) {
    this.#deps = deps
  }

  /** Searches if anything is missing and there is somebody new to ask, or enough time has passed. */
  start(): void {
    if (this.#searching) {
      this.#again = true
      return
    }
    const { catalog, clock } = this.#deps
    if (this.#stopped) return
    if (clock.monotonicMs() < this.#restUntilMs && this.#peerNames() === this.#restedFor) return
    if (catalog.missingSegments(1).length === 0) return
    this.#searching = true
    this.#run()
      .catch((error: unknown) => this.#deps.failed(error, 'fetching segments'))
      .finally(() => {
        this.#searching = false
      })
  }

  /** No further questions; the catalog may be closed. */
  stop(): void {
    this.#stopped = true
  }

  /** Versions have come whose segments may be missing: a search that rests would miss them. */
  wake(): void {
    this.#restUntilMs = 0
    this.start()
  }

  async #run(): Promise<void> {
    do {
      this.#again = false
      await this.#search()
    } while (this.#again && !this.#stopped)
  }

  async #search(): Promise<void> {
    const { catalog, clock } = this.#deps
    const names = this.#peerNames()
    for (const peer of this.#deps.peers()) {
      if (this.#stopped) return
      const sought = catalog.missingSegments(limits.segmentsSought)
      if (sought.length === 0) return
      try {
        await this.#ask(peer, sought)
      } catch (error) {
        this.#deps.failed(error, `fetching segments from ${peer.nodeId}`)
      }
    }
    if (this.#stopped || catalog.missingSegments(1).length === 0) return
    this.#restUntilMs = clock.monotonicMs() + limits.segmentRetryMs
    this.#restedFor = names
  }

  /** Asks one peer for all of them; goes on after what it does not have. */
  async #ask(peer: Peer, sought: readonly SegmentId[]): Promise<void> {
    const left = new Set(sought)
    while (left.size > 0 && !this.#stopped) {
      const asked = [...left].slice(0, limits.segmentsPerFetch)
      const { body } = await peer.request(getSegments, { ids: packSegmentIds(asked) })
      const found: Segment[] = []
      for (const bytes of body.segments) {
        const id = blake3Hex(bytes) as SegmentId
        if (left.delete(id)) found.push({ id, bytes })
      }
      if (found.length > 0) await this.#deps.catalog.addSegments(found)
      // An answer without any of them says that the peer has none; one that was full may be followed by more.
      if (found.length === 0) for (const id of asked) left.delete(id)
    }
  }

  #peerNames(): string {
    return this.#deps
      .peers()
      .map((peer): NodeId => peer.nodeId)
      .sort()
      .join()
  }
}
