/**
 * What keeps a replica and what lets it go: leases of uploads that no row names yet, and marks of replicas that this node is about to
 * give up. Both change in the store's group commits, so a replica is never leased and leaving at once: whoever comes second finds
 * the first. A touch does not save what is leaving (its pledges may be in), a put does, since it brought the bytes.
 */
import type { ChunkId, NodeId, VersionId } from '../base/ids.ts'
import type { ChunkRow, ChunkTable } from './chunkTable.ts'
import type { GroupCommit } from './groupCommit.ts'
import type { Lease } from './types.ts'

/** What the rows of one replica weigh in a transaction, roughly. */
const rowBytes = 1024

export class Keeping {
  readonly #table: ChunkTable
  readonly #commits: GroupCommit
  #lastMark = 0
  readonly #undone: (() => Promise<unknown>)[] = []

  constructor(table: ChunkTable, commits: GroupCommit) {
    this.#table = table
    this.#commits = commits
  }

  async touch(ids: readonly ChunkId[], lease: Lease): Promise<boolean[]> {
    return await this.#eachRow(ids, (row) => {
      if (this.markOf(row) !== undefined) return false
      this.#table.lease(row, lease)
      return true
    })
  }

  /** A put of a chunk that is here: it is leased, and stays if it was leaving. False if it is gone. */
  async keep(id: ChunkId, lease: Lease | null): Promise<boolean> {
    if (lease === null && !this.isLeaving(id)) return true
    const [kept] = await this.#eachRow([id], (row) => this.keepRow(row, lease))
    return kept === true
  }

  /** The same within a transaction. */
  keepRow(row: ChunkRow, lease: Lease | null): true {
    if (this.markOf(row) !== undefined) this.#table.unmark(row)
    if (lease !== null) this.#table.lease(row, lease)
    return true
  }

  async endLeases(uploads: readonly VersionId[]): Promise<void> {
    await this.#surely(() =>
      this.#commits.run(uploads.length * rowBytes, () => {
        for (const upload of uploads) this.#table.endUpload(upload)
      }),
    )
  }

  async endLeasesOfWriter(writer: NodeId, keepStart: number | null): Promise<void> {
    await this.#commits.run(rowBytes, () => this.#table.endWriter(writer, keepStart))
  }

  async markLeaving(ids: readonly ChunkId[]): Promise<{ mark: number; marked: boolean[] }> {
    const mark = ++this.#lastMark
    const marked = await this.#eachRow(ids, (row) => {
      if (this.markOf(row) !== undefined || this.#table.leases(row).length > 0) return false
      this.#table.mark(row, mark)
      return true
    })
    return { mark, marked }
  }

  async unmark(ids: readonly ChunkId[], mark: number): Promise<void> {
    await this.#surely(() =>
      this.#eachRow(ids, (row) => {
        if (this.markOf(row) === mark) this.#table.unmark(row)
        return true
      }),
    )
  }

  /** Does again what failed, on a full disk for one, and would leave replicas kept for ever, or for ever leaving. */
  async catchUp(): Promise<void> {
    await Promise.all(this.#undone.splice(0).map((work) => this.#surely(work)))
  }

  /** Throws what `work` throws; then `catchUp` tries again. */
  async #surely(work: () => Promise<unknown>): Promise<void> {
    try {
      await work()
    } catch (error) {
      this.#undone.push(work)
      throw error
    }
  }

  isLeaving(id: ChunkId): boolean {
    if (this.#lastMark === 0) return false
    const row = this.#table.find(id)
    return row !== undefined && this.markOf(row) !== undefined
  }

  /** Spares looking while nothing has been marked since the start, which clears all marks. */
  markOf(row: ChunkRow): number | undefined {
    return this.#lastMark === 0 ? undefined : this.#table.markOf(row)
  }

  /** Runs `change` for those that are here; false for the others. */
  async #eachRow(ids: readonly ChunkId[], change: (row: ChunkRow) => boolean): Promise<boolean[]> {
    return await this.#commits.run(ids.length * rowBytes, () =>
      ids.map((id) => {
        const row = this.#table.find(id)
        return row !== undefined && change(row)
      }),
    )
  }
}
