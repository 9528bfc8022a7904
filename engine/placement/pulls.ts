/**
 * How strongly each member must draw chunks so that every member fills in proportion to its quota. Drawing several different
 * members per chunk with weights alone does not: of machines with 1, 2 and 4 TB and two copies, the smallest would fill
 * 2.4 times as fast as the largest. Pareto order sampling (Rosén 1997) mends that: with odds p / (1 - p) as weights of u / (1 - u),
 * member i is among the first k with probability p, nearly so for few members; a few rounds of correction do the rest. A member
 * that should have more than one copy of each chunk gets one of each, and the others share what is left.
 */
import type { NodeId } from '../base/ids.ts'
import { limits } from '../limits.ts'

export interface Offer {
  readonly nodeId: NodeId
  readonly quotaBytes: number
  /** Nodes with one hash stand on one computer, which gets one copy of a chunk. */
  readonly machineHash: string
}

/** Of a member that gets a copy of every chunk. */
const CERTAIN = 1e6
/** Chances are right to this part of themselves, or after so many rounds. */
const PRECISION = 0.003
const ROUNDS = 30
/** Points at which a chance is summed up. */
const POINTS = 128

/** The pull of each member for chunks with `copies` copies, 1 and up. Pure and the same everywhere; 0 for who offers nothing. */
export function pullsOf(offers: readonly Offer[], copies: number): Map<NodeId, number> {
  const bytesOf = new Map<string, number>()
  for (const { machineHash, quotaBytes } of offers) {
    bytesOf.set(machineHash, (bytesOf.get(machineHash) ?? 0) + quotaBytes)
  }
  const shares = sharesOf([...bytesOf.values()], copies)
  const odds = oddsFor(shares, copies)
  const oddsOf = new Map([...bytesOf.keys()].map((computer, index) => [computer, odds[index] ?? 0]))
  return new Map(
    offers.map(({ nodeId, quotaBytes, machineHash }) => {
      const ofComputer = bytesOf.get(machineHash) ?? 0
      return [nodeId, ofComputer === 0 ? 0 : ((oddsOf.get(machineHash) ?? 0) * quotaBytes) / ofComputer]
    }),
  )
}

/** Chances to hold a chunk: in proportion to the bytes, at most 1, together `copies` (or all have 1). */
function sharesOf(bytes: readonly number[], copies: number): number[] {
  const full = new Set<number>()
  for (;;) {
    const rest = bytes.reduce((sum, each, index) => (full.has(index) ? sum : sum + each), 0)
    const left = copies - full.size
    const over = bytes.findIndex((each, index) => !full.has(index) && each > 0 && each * left >= rest)
    if (left > 0 && over >= 0) full.add(over)
    else return bytes.map((each, index) => (full.has(index) ? 1 : rest > 0 && left > 0 ? (each * left) / rest : 0))
  }
}

/** Odds with which each is among the first `copies` as often as its share says. */
function oddsFor(shares: readonly number[], copies: number): number[] {
  const odds = shares.map((share) => (share >= 1 ? CERTAIN : Math.min(share / (1 - share), CERTAIN)))
  if (shares.length > limits.membersPerPool) return odds // so many need no correction
  for (let round = 0; round < ROUNDS; round++) {
    const chances = chancesOf(odds, copies)
    let worst = 0
    for (const [index, share] of shares.entries()) {
      if (share <= 0 || share >= 1) continue
      const chance = Math.min(chances[index] ?? share, 1 - 1 / CERTAIN)
      worst = Math.max(worst, Math.abs(chance / share - 1))
      odds[index] = Math.min(((odds[index] ?? 0) * share * (1 - chance)) / (chance * (1 - share)), CERTAIN)
    }
    if (worst < PRECISION) break
  }
  return odds
}

/**
 * The chance of each to be among the `copies` least of u / (1 - u) / odds: summed over its own value, the chance that fewer
 * than `copies` of the others are less. Plain arithmetic only, so that all computers get the same digits.
 */
function chancesOf(odds: readonly number[], copies: number): Float64Array {
  const chances = new Float64Array(odds.length)
  const fewer = new Float64Array(copies)
  // Values around which `copies` of all are less; points lie evenly in value / (value + around).
  const around =
    copies /
    Math.max(
      odds.reduce((sum, each) => sum + Math.min(each, 1), 0),
      Number.MIN_VALUE,
    )
  for (const [own, ownOdds] of odds.entries()) {
    if (ownOdds === 0) continue
    for (let point = 0; point < POINTS; point++) {
      const part = (point + 0.5) / POINTS
      const value = (around * part) / (1 - part)
      const ownSum = 1 + ownOdds * value
      const density = (ownOdds * around) / (ownSum * ownSum * (1 - part) * (1 - part))
      // fewer[n]: the chance that exactly n of the others looked at are less.
      fewer.fill(0)
      fewer[0] = 1
      for (const [other, otherOdds] of odds.entries()) {
        if (other === own) continue
        const less = (otherOdds * value) / (1 + otherOdds * value)
        for (let count = copies - 1; count >= 0; count--)
          fewer[count] = (fewer[count] ?? 0) * (1 - less) + (count > 0 ? (fewer[count - 1] ?? 0) * less : 0)
      }
      chances[own] = (chances[own] ?? 0) + (density * fewer.reduce((sum, each) => sum + each, 0)) / POINTS
    }
  }
  return chances
}
