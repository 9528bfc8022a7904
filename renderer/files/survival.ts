/** What failures of machines or places a file survives, by the machines that hold all of it. */
import type { Node, ReplicaHolder } from '../../shared/index.ts'

type Place = Pick<Node, 'id' | 'site' | 'state'>

export function survivalSentence(holders: readonly ReplicaHolder[], nodes: readonly Place[]): string {
  const whole = holders.filter(({ chunks, total }) => chunks >= total)
  const [first] = whole
  if (first === undefined) return holders.length === 0 ? '' : 'No machine alone has all of it.'
  if (whole.length === 1) return `Only ${first.name} has all of it.`
  const placeOf = (holder: ReplicaHolder) => nodes.find(({ id }) => id === holder.nodeId)
  const sites = new Set(whole.map((holder) => placeOf(holder)?.site ?? ''))
  const machines = whole.length === 2 ? 'any one machine' : `any ${whole.length - 1} machines`
  const survives = `Survives ${machines} failing${sites.size > 1 ? ', or a whole place' : ''}.`
  const there = whole.filter((holder) => ['online', 'suspect'].includes(placeOf(holder)?.state ?? 'online'))
  const [only] = there
  if (only === undefined) return `${survives} Switch one of them on to open it.`
  return there.length === 1 ? `${survives} Now it comes from ${only.name}, the only one that is on.` : survives
}
