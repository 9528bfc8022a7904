/**
 * Sets of patterns, each under a small number: equal sets have equal numbers, so a million files that lie on the same
 * machines remember one number each. Numbers are of this process only and are never given again.
 */

/** Of what has pieces that are not known here. Nothing joined to it makes it known. */
export const UNKNOWN_SET = 0
/** Of what has no pieces. */
export const EMPTY_SET = 1

/** More numbers than patterns ever get: a set's number and a pattern's share one key. */
const patternSpan = 2 ** 24

export class PatternSets {
  readonly #sets: (readonly number[])[] = [[], []]
  readonly #byText = new Map<string, number>([['', EMPTY_SET]])
  readonly #joined = new Map<number, number>()

  get count(): number {
    return this.#sets.length
  }

  /** In ascending order. */
  get(set: number): readonly number[] {
    return this.#sets[set] as readonly number[]
  }

  /** The set with one more pattern. */
  with(set: number, pattern: number): number {
    const key = set * patternSpan + pattern
    const known = this.#joined.get(key)
    if (known !== undefined) return known
    const patterns = this.get(set)
    const joined = patterns.includes(pattern) ? set : this.#of([...patterns, pattern].sort((a, b) => a - b))
    this.#joined.set(key, joined)
    return joined
  }

  /** Both together; unknown if one of them is. */
  union(a: number, b: number): number {
    if (a === b || b === EMPTY_SET) return a
    if (a === EMPTY_SET) return b
    if (a === UNKNOWN_SET || b === UNKNOWN_SET) return UNKNOWN_SET
    return this.get(b).reduce((set, pattern) => this.with(set, pattern), a)
  }

  #of(patterns: readonly number[]): number {
    const text = patterns.join()
    const known = this.#byText.get(text)
    if (known !== undefined) return known
    this.#sets.push(patterns)
    this.#byText.set(text, this.#sets.length - 1)
    return this.#sets.length - 1
  }
}
