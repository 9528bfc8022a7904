/**
 * What a node noted beside its work: the lines that `hadahoop start` prints, kept for whoever looks later or from elsewhere. In memory
 * only, the newest lines up to a limit; they name files and machines of this pool, so they are shown to who may use the API and
 * written nowhere.
 */
import { limits } from '../limits.ts'
import type { Clock } from '../ports.ts'
import type { LogLine } from '../../shared/index.ts'
import type { Service } from './service.ts'
import { numberedCursor, numberInCursor } from './service/paging.ts'

export class Logbook {
  readonly #clock: Pick<Clock, 'nowMs'>
  readonly #print: (line: string) => void
  readonly #lines: LogLine[] = []
  #noted = 0

  /** `print` gets every line as well. */
  constructor(clock: Pick<Clock, 'nowMs'>, print: (line: string) => void) {
    this.#clock = clock
    this.#print = print
  }

  note(text: string): void {
    this.#noted += 1
    const at = new Date(this.#clock.nowMs()).toISOString()
    this.#lines.push({ id: String(this.#noted), at, text: text.slice(0, limits.logLineLength) })
    if (this.#lines.length > limits.logLines) this.#lines.shift()
    this.#print(text)
  }

  operations(): Required<Pick<Service, 'log'>> {
    return {
      log: async ({ limit, cursor }) => {
        const before = cursor === null ? Number.POSITIVE_INFINITY : numberInCursor('log', cursor)
        const older = this.#lines.filter(({ id }) => Number(id) < before)
        const items = older.slice(-limit).reverse()
        const last = items.at(-1)
        return { items, next: older.length > limit && last !== undefined ? numberedCursor('log', last.id) : null }
      },
    }
  }
}
