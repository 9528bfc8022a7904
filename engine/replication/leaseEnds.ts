/**
 * Ends leases whose upload will never say so itself, since its writer died: when the writer is no member any more, and when this node
 * has walked with it since a later start of it (then every row that the earlier start had made durable is here). This node's own earlier
 * starts end at once: what they committed is in the catalog. Otherwise a replica that an upload had touched could never be given up.
 */
import type { NodeId } from '../base/ids.ts'
import type { Catalog, CompletedWalk } from '../catalog/index.ts'
import type { ChunkStore } from '../chunks/index.ts'

export interface LeaseEndsDeps {
  readonly self: NodeId
  readonly startNumber: number
  readonly catalog: Pick<Catalog, 'missingSegments'>
  readonly store: Pick<ChunkStore, 'leaseWriters' | 'endLeasesOfWriter' | 'catchUp'>
  readonly isMember: (nodeId: NodeId) => boolean
  /** The start of a connected member; undefined if it is not connected. */
  readonly startOf: (nodeId: NodeId) => number | undefined
}

export class LeaseEnds {
  readonly #deps: LeaseEndsDeps
  /** Walks completed since this node started: only they are surely later than the leases found. */
  readonly #walked = new Map<NodeId, number>()

  constructor(deps: LeaseEndsDeps) {
    this.#deps = deps
  }

  walked({ node, theirStart }: CompletedWalk): void {
    this.#walked.set(node, theirStart)
  }

  /** Ends what can be ended now; cheap, for every few seconds. */
  async check(): Promise<void> {
    const { self, startNumber, store, isMember, startOf, catalog } = this.#deps
    await store.catchUp()
    const writers = store.leaseWriters()
    // While a segment is missing, the versions that name it do not protect their chunks here yet.
    if (writers.length === 0 || catalog.missingSegments(1).length > 0) return
    for (const writer of new Set(writers.map((each) => each.writer))) {
      const starts = writers.filter((each) => each.writer === writer).map((each) => each.writerStart)
      if (writer !== self && !isMember(writer)) {
        await store.endLeasesOfWriter(writer, null)
        continue
      }
      const present = writer === self ? startNumber : this.#walked.get(writer)
      if (present === undefined || (writer !== self && startOf(writer) !== present)) continue
      if (starts.some((start) => start !== present)) await store.endLeasesOfWriter(writer, present)
    }
  }
}
