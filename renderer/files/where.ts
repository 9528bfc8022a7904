/** On which machines a file is, in a few words. Pure. */
import type { Entry } from '../../shared/index.ts'

interface Machine {
  readonly id: string
  readonly name: string
  readonly site: string
  readonly isThere: boolean
}

export interface Where {
  /** Those that can be read from now come first. */
  readonly machines: readonly Machine[]
  /** All of them with their places, for a hint. */
  readonly sentence: string
}

const nowhere: Where = { machines: [], sentence: '' }

export function whereOf({ nodes }: Pick<Entry, 'nodes'>, known: readonly Machine[]): Where {
  if (nodes === undefined || nodes.length === 0) return nowhere
  const machines = nodes.flatMap((id) => known.find((machine) => machine.id === id) ?? [])
  const sorted = machines.toSorted((a, b) => Number(b.isThere) - Number(a.isThere))
  return { machines: sorted, sentence: sorted.map(spell).join(', ') }
}

function spell({ name, site, isThere }: Machine): string {
  const facts = [site, isThere ? '' : 'off'].filter(Boolean).join(', ')
  return facts === '' ? name : `${name} (${facts})`
}
