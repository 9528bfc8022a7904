/**
 * Searching names by any part of them. An index of trigrams answers for three characters and more; shorter texts, and names
 * that the index does not have yet, are looked through in turn. The index is filled in the background: written within small
 * transactions, each would leave a part of its own behind (SQLite ends a part at every savepoint). Whatever the index
 * says is checked against the name itself, so an index that lags can only make a search slower.
 */
import type { Database, Statement } from '../../ports.ts'
import { RECOVERED } from './entryTable.ts'
import { foldName } from './names.ts'

/** Trigrams that a query names at most; the rest of a long text is checked against the names. */
const queryTrigrams = 24
/** Those below are the root and /Recovered. */
const firstNumber = RECOVERED + 1

/** Numbers of candidates, greatest first, and where to go on. */
export interface Candidates {
  readonly numbers: readonly number[]
  /** Everything above has been looked at; null at the end. */
  readonly lookedDownTo: number | null
}

export class NameIndex {
  readonly #indexed: Statement
  readonly #setIndexed: Statement
  readonly #note: Statement
  readonly #pending: Statement
  readonly #unnote: Statement
  readonly #nameOf: Statement
  readonly #fresh: Statement
  readonly #add: Statement
  readonly #remove: Statement
  readonly #scan: Statement
  readonly #match: Statement
  readonly #pendingMatch: Statement
  readonly #forget: Statement[]

  constructor(database: Database) {
    this.#indexed = database.prepare('SELECT names_indexed FROM view_state').pluck()
    this.#setIndexed = database.prepare('UPDATE view_state SET names_indexed = ?')
    this.#note = database.prepare(
      'INSERT OR IGNORE INTO entry_name_pending (entry) SELECT ? FROM view_state WHERE names_indexed >= ?',
    )
    this.#pending = database.prepare('SELECT entry FROM entry_name_pending LIMIT ?').pluck()
    this.#unnote = database.prepare('DELETE FROM entry_name_pending WHERE entry = ?')
    this.#nameOf = database.prepare('SELECT fold FROM entry WHERE number = ?').pluck()
    this.#fresh = database.prepare('SELECT number, fold FROM entry WHERE number > ? ORDER BY number LIMIT ?')
    this.#add = database.prepare('INSERT INTO entry_name (rowid, fold) VALUES (?, ?)')
    this.#remove = database.prepare('DELETE FROM entry_name WHERE rowid = ?')
    this.#scan = database
      .prepare(
        'SELECT number FROM entry WHERE number < ? AND number >= ? AND instr(fold, ?) > 0 ORDER BY number DESC LIMIT ?',
      )
      .pluck()
    this.#match = database
      .prepare(
        'SELECT rowid FROM entry_name WHERE entry_name MATCH ? AND rowid < CAST(? AS INTEGER) ORDER BY rowid DESC LIMIT ?',
      )
      .pluck()
    this.#pendingMatch = database
      .prepare(
        `SELECT number FROM entry_name_pending JOIN entry ON number = entry_name_pending.entry
         WHERE entry_name_pending.entry < ? AND instr(fold, ?) > 0 ORDER BY entry_name_pending.entry DESC LIMIT ?`,
      )
      .pluck()
    this.#forget = [
      database.prepare("INSERT INTO entry_name (entry_name) VALUES ('delete-all')"),
      database.prepare('DELETE FROM entry_name_pending'),
    ]
  }

  /** The name of an entry that has a row already was set or has changed. New rows need no word: their number tells. */
  note(number: number): void {
    this.#note.run(number, number)
  }

  /** Indexes up to so many names; true while there are more. */
  index(limit: number): boolean {
    const changed = this.#pending.all<number>(limit)
    for (const number of changed) {
      this.#remove.run(number)
      const fold = this.#nameOf.get<string | null>(number)
      if (typeof fold === 'string') this.#add.run(number, fold)
      this.#unnote.run(number)
    }
    const rest = limit - changed.length
    if (rest === 0) return true
    const fresh = this.#fresh.all<{ number: number; fold: string | null }>(this.#indexedTo(), rest)
    for (const { number, fold } of fresh) if (fold !== null) this.#add.run(number, fold)
    const last = fresh.at(-1)
    if (last !== undefined) this.#setIndexed.run(last.number)
    return fresh.length === rest
  }

  #indexedTo(): number {
    return this.#indexed.get<number>() ?? 0
  }

  /** Entries below number `below` whose folded name may contain the text: at most `limit`, at most `scan` names looked through. */
  candidates(text: string, below: number, limit: number, scan: number): Candidates {
    const needle = foldName(text)
    const points = Array.from(needle)
    const indexed = this.#indexedTo()
    // What is not indexed has the greatest numbers.
    if (points.length < 3 || below > indexed + 1) {
      const floor = points.length < 3 ? firstNumber : indexed + 1
      const lowest = Math.max(floor, below - scan)
      return this.#answer(this.#scan.all<number>(below, lowest, needle, limit), limit, lowest)
    }
    const matched = this.#match.all<number>(queryOf(points), below, limit)
    const pending = this.#pendingMatch.all<number>(below, needle, limit)
    const both = [...new Set([...matched, ...pending])].sort((a, b) => b - a).slice(0, limit)
    return this.#answer(both, limit, firstNumber)
  }

  #answer(numbers: number[], limit: number, lowest: number): Candidates {
    const last = numbers.length < limit ? lowest : (numbers.at(-1) ?? lowest)
    return { numbers, lookedDownTo: last > firstNumber ? last : null }
  }

  reset(): void {
    for (const statement of this.#forget) statement.run()
    this.#setIndexed.run(RECOVERED)
  }
}

/** All trigrams of the text, each of which must be in the name. */
function queryOf(points: readonly string[]): string {
  const trigrams = new Set<string>()
  for (let at = 0; at + 3 <= points.length && trigrams.size < queryTrigrams; at++) {
    trigrams.add(points.slice(at, at + 3).join(''))
  }
  return [...trigrams].map((trigram) => `"${trigram.replaceAll('"', '""')}"`).join(' AND ')
}
