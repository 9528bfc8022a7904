/**
 * What has changed since the groups of files were last looked at: the tables of the views note it here while they write. Marks are
 * hints: one too many costs a look, so nothing has to be taken back when work is undone. Bounded: beyond the limit only that
 * much has changed, and the groups are made anew.
 */
import { limits } from '../../limits.ts'

export class GroupMarks {
  /** False while nobody keeps groups: then a mark costs nothing. */
  #follows = false
  #overflowed = false
  readonly chunks = new Set<number>()
  readonly segments = new Set<number>()
  readonly entries = new Set<number>()

  get overflowed(): boolean {
    return this.#overflowed
  }

  get isEmpty(): boolean {
    return this.chunks.size + this.segments.size + this.entries.size === 0 && !this.#overflowed
  }

  chunk(number: number): void {
    if (this.#follows) this.#add(this.chunks, number)
  }

  segment(number: number): void {
    if (this.#follows) this.#add(this.segments, number)
  }

  entry(number: number): void {
    if (this.#follows) this.#add(this.entries, number)
  }

  /** Everything has changed. */
  all(): void {
    if (!this.#follows) return
    this.#overflowed = true
    this.#clear()
  }

  /** From now on. */
  follow(): void {
    this.#follows = true
    this.#overflowed = false
    this.#clear()
  }

  #clear(): void {
    for (const marks of [this.chunks, this.segments, this.entries]) marks.clear()
  }

  #add(marks: Set<number>, number: number): void {
    if (this.#overflowed) return
    marks.add(number)
    if (marks.size > limits.groupMarks) this.all()
  }
}
