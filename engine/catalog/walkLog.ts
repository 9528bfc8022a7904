/** The last completed walk with each node, in SQLite: leases, pledges and collecting wait for walks, also over restarts. */
import { bytesOf } from '../base/bytes.ts'
import type { NodeId } from '../base/ids.ts'
import type { Database, Statement } from '../ports.ts'
import type { CompletedWalk, CompletedWalks } from './types.ts'

export class WalkLog implements CompletedWalks {
  readonly #commit: (work: () => void) => Promise<void>
  readonly #read: Statement
  readonly #write: Statement

  /** `commit` runs a work in the next group commit. */
  constructor(database: Database, commit: (work: () => void) => Promise<void>) {
    this.#commit = commit
    this.#read = database.prepare('SELECT our_start, their_start, begun_ms, ended_ms FROM walk WHERE node = ?')
    this.#write = database.prepare(
      'INSERT OR REPLACE INTO walk (node, our_start, their_start, begun_ms, ended_ms) VALUES (?, ?, ?, ?, ?)',
    )
  }

  last(node: NodeId): CompletedWalk | undefined {
    const found = this.#read.get<{ our_start: number; their_start: number; begun_ms: number; ended_ms: number }>(
      bytesOf(node),
    )
    if (found === undefined) return undefined
    return {
      node,
      ourStart: found.our_start,
      theirStart: found.their_start,
      begunMs: found.begun_ms,
      endedMs: found.ended_ms,
    }
  }

  async record({ node, ourStart, theirStart, begunMs, endedMs }: CompletedWalk): Promise<void> {
    await this.#commit(() => {
      this.#write.run(bytesOf(node), ourStart, theirStart, begunMs, endedMs)
    })
  }
}
