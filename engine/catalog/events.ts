/**
 * What the catalog tells others, collected while works run and told once they are durable. What a work that was undone had
 * to say is forgotten with it.
 */
import type { EntryId, VersionId } from '../base/ids.ts'
import type { Follower } from './derived.ts'
import type { CatalogEvents, Row, Segment } from './types.ts'

export class EventOutbox implements Follower {
  readonly #listeners = new Set<Partial<CatalogEvents>>()
  readonly #rows: Row[] = []
  readonly #segments: Segment[] = []
  #rowMark = 0
  #segmentMark = 0

  on(events: Partial<CatalogEvents>): Disposable {
    this.#listeners.add(events)
    return { [Symbol.dispose]: () => this.#listeners.delete(events) }
  }

  authored(row: Row): void {
    this.#rows.push(row)
  }

  segment(segment: Segment): void {
    this.#segments.push(segment)
  }

  mark(): void {
    this.#rowMark = this.#rows.length
    this.#segmentMark = this.#segments.length
  }

  undo(): void {
    this.#rows.length = this.#rowMark
    this.#segments.length = this.#segmentMark
  }

  /** Kept until `tell`. */
  commit(): void {}

  rollback(): void {
    this.#rows.length = 0
    this.#segments.length = 0
    this.#rowMark = 0
    this.#segmentMark = 0
  }

  /** Tells the listeners what has become durable. */
  tell(changed: readonly EntryId[] | 'all', versions: readonly VersionId[]): void {
    const rows = [...this.#rows]
    const segments = [...this.#segments]
    this.rollback()
    if (rows.length > 0) this.#each((events) => events.authored?.(rows, segments))
    if (versions.length > 0) this.#each((events) => events.versions?.(versions))
    if (changed === 'all' || changed.length > 0) this.#each((events) => events.changed?.(changed))
  }

  /** A listener's mistake must not keep the others from hearing, nor turn a durable work into a failed one. */
  #each(call: (events: Partial<CatalogEvents>) => void): void {
    for (const events of this.#listeners) {
      try {
        call(events)
      } catch (error) {
        queueMicrotask(() => {
          throw error
        })
      }
    }
  }
}
