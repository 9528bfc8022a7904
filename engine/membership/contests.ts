/**
 * Which of several things that strike each other count (for removals: see memberSet.ts). One that nothing else strikes counts;
 * what a counting one strikes is void; in a circle that nothing outside strikes, the first by number counts and its strikers
 * are void. Circles are strongly connected components (Tarjan 1972), found first in the whole and then only in what a
 * decision leaves of each, so that what a hostile member weaves from 4,096 rows costs seconds at worst.
 */
import assert from 'node:assert/strict'

/** Who strikes whom: the numbers of those that each strikes, each once. */
export type Strikes = readonly Int32Array[]

/** The numbers of those that count, ascending. In a circle the lowest wins. */
export function settleContests(strikes: Strikes): number[] {
  return new Contests(strikes).settle()
}

const open = 0
const counts = 1
const voided = 2

class Contests {
  readonly #victims: Strikes
  readonly #strikers: Strikes
  readonly #state: Uint8Array
  /** How many strikers are not void. */
  readonly #opposed: Int32Array
  readonly #unopposed: number[] = []
  /** Which group is searched that each belongs to; 0 for none. */
  readonly #group: Int32Array
  #groups = 0
  // Tarjan's: number of discovery (0: not yet), lowest number that is reached, next victim to look at.
  readonly #found: Int32Array
  readonly #low: Int32Array
  readonly #cursor: Int32Array

  constructor(strikes: Strikes) {
    const count = strikes.length
    this.#victims = strikes
    this.#strikers = reversed(strikes)
    this.#state = new Uint8Array(count)
    this.#opposed = Int32Array.from(this.#strikers, (strikers) => strikers.length)
    this.#group = new Int32Array(count)
    this.#found = new Int32Array(count)
    this.#low = new Int32Array(count)
    this.#cursor = new Int32Array(count)
  }

  settle(): number[] {
    const all = [...this.#state.keys()]
    // What strikes itself can never count.
    for (const each of all) if (at(this.#victims, each).includes(each)) this.#drop(each)
    for (const each of all) if (this.#opposed[each] === 0) this.#unopposed.push(each)
    this.#propagate()
    this.#decide(this.#stillOpen(all))
    assert(this.#state.every((state) => state !== open))
    return all.filter((each) => this.#state[each] === counts)
  }

  /** Decides a group that nothing open outside it strikes. */
  #decide(group: readonly number[]): void {
    for (const circle of this.#circles(group)) {
      let left = this.#stillOpen(circle)
      // What strikes this circle from outside is decided. If that has left it whole, its first decides it.
      if (left.length === circle.length) {
        this.#accept(left.reduce((first, each) => Math.min(first, each)))
        this.#propagate()
        left = this.#stillOpen(circle)
      }
      if (left.length > 0) this.#decide(left)
    }
  }

  #stillOpen(of: readonly number[]): number[] {
    return of.filter((each) => this.#state[each] === open)
  }

  #propagate(): void {
    for (let next = this.#unopposed.pop(); next !== undefined; next = this.#unopposed.pop()) {
      if (this.#state[next] === open) this.#accept(next)
    }
  }

  #accept(each: number): void {
    this.#state[each] = counts
    for (const striker of at(this.#strikers, each)) this.#drop(striker)
    for (const victim of at(this.#victims, each)) this.#drop(victim)
  }

  #drop(each: number): void {
    if (this.#state[each] !== open) return
    this.#state[each] = voided
    for (const victim of at(this.#victims, each)) {
      const opposed = at(this.#opposed, victim) - 1
      this.#opposed[victim] = opposed
      if (opposed === 0 && this.#state[victim] === open) this.#unopposed.push(victim)
    }
  }

  /** The strongly connected components of a group, each after all that strike it. */
  #circles(group: readonly number[]): number[][] {
    this.#groups += 1
    for (const each of group) {
      this.#group[each] = this.#groups
      this.#found[each] = 0
      this.#cursor[each] = 0
    }
    const circles: number[][] = []
    const stack: number[] = []
    let discovered = 0
    for (const start of group) {
      if (this.#found[start] !== 0) continue
      const path = [start]
      for (let each = path.at(-1); each !== undefined; each = path.at(-1)) {
        if (this.#found[each] === 0) {
          discovered += 1
          this.#found[each] = discovered
          this.#low[each] = discovered
          stack.push(each)
        }
        const deeper = this.#nextUnseen(each)
        if (deeper !== undefined) {
          path.push(deeper)
          continue
        }
        path.pop()
        const low = at(this.#low, each)
        const above = path.at(-1)
        if (above !== undefined) this.#low[above] = Math.min(at(this.#low, above), low)
        if (low === this.#found[each]) circles.push(this.#cutOff(stack, each))
      }
    }
    // Tarjan's search completes what is struck before what strikes it.
    return circles.reverse()
  }

  /** Moves on to the next victim that has not been found yet; notes those that have. */
  #nextUnseen(each: number): number | undefined {
    const victims = at(this.#victims, each)
    for (let cursor = at(this.#cursor, each); cursor < victims.length; cursor += 1) {
      const victim = at(victims, cursor)
      if (this.#group[victim] !== this.#groups) continue
      const found = at(this.#found, victim)
      if (found === 0) {
        this.#cursor[each] = cursor
        return victim
      }
      if (found < at(this.#low, each)) this.#low[each] = found
    }
    this.#cursor[each] = victims.length
    return undefined
  }

  #cutOff(stack: number[], from: number): number[] {
    const circle = stack.splice(stack.lastIndexOf(from))
    for (const each of circle) this.#group[each] = 0
    return circle
  }
}

function reversed(strikes: Strikes): Int32Array[] {
  const lengths = new Int32Array(strikes.length)
  for (const victims of strikes) for (const victim of victims) lengths[victim] = at(lengths, victim) + 1
  const strikers = Array.from(lengths, (length) => new Int32Array(length))
  for (const [striker, victims] of strikes.entries()) {
    for (const victim of victims) {
      const left = at(lengths, victim) - 1
      lengths[victim] = left
      at(strikers, victim)[left] = striker
    }
  }
  return strikers
}

function at<T>(of: ArrayLike<T>, index: number): T {
  return of[index] as T
}
