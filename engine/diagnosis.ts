/**
 * What is wrong with this node, in the words of people: the checks of `hadahoop doctor`, which answer why machines do not see
 * each other.
 */
import type { DoctorCheck } from '../shared/index.ts'
import type { NodeParts } from './gateway/index.ts'
import { limits } from './limits.ts'
import type { Discovery } from './ports.ts'

/** Checks in the order in which a person would look. */
export function diagnose(parts: NodeParts, discovery: Discovery | null): DoctorCheck[] {
  return [...listening(parts), ...discovering(parts, discovery), ...members(parts)]
}

function listening(parts: NodeParts): DoctorCheck[] {
  const addresses = parts.network.addresses()
  if (addresses.length > 0)
    return [{ code: 'listening', result: 'ok', text: `Other machines reach this one at ${addresses.join(', ')}.` }]
  return [
    {
      code: 'listening',
      result: 'problem',
      text: 'This machine listens on no network address.',
      hint: 'Connect it to a network.',
    },
  ]
}

function discovering(parts: NodeParts, discovery: Discovery | null): DoctorCheck[] {
  if (discovery === null) {
    return [
      {
        code: 'discovery',
        result: 'warning',
        text: 'Discovery on the local network is switched off.',
        hint: 'Start without --no-discovery, or join with --address HOST:PORT.',
      },
    ]
  }
  const problems = discovery.problems()
  if (problems.length > 0) {
    return problems.map((text) => ({
      code: 'discovery',
      result: 'problem' as const,
      text,
      hint: 'Allow UDP port 5353 in the firewall, or join with --address HOST:PORT.',
    }))
  }
  const seen = parts.sightings().map(({ sighting }) => sighting.name)
  const text = seen.length > 0 ? `Seen on the network: ${seen.join(', ')}.` : 'No other machine is seen on the network.'
  return [{ code: 'discovery', result: seen.length > 0 ? 'ok' : 'warning', text }]
}

function members(parts: NodeParts): DoctorCheck[] {
  const pool = parts.pool()
  if (pool === null)
    return [
      {
        code: 'pool',
        result: 'warning',
        text: 'This machine is in no pool.',
        hint: 'Create a pool, or join one with a code.',
      },
    ]
  const others = parts.membership.members().filter((member) => member.nodeId !== parts.self)
  return others.map(({ nodeId }) => {
    const name = pool.roster.profile(nodeId)?.name ?? nodeId.slice(0, 8)
    const peer = parts.network.peer(nodeId)
    if (peer === undefined) {
      const problem = parts.network.lastProblem(nodeId)
      const why = problem === undefined ? 'it has not answered yet' : problem.message
      return {
        code: 'machine',
        result: 'problem' as const,
        text: `${name} is not connected: ${why}.`,
        hint: problem?.hint ?? `Check that ${name} is switched on and in the same network.`,
      }
    }
    if (Math.abs(peer.clockOffsetMs) > limits.clockSkewMaxMs) {
      return {
        code: 'clock',
        result: 'problem' as const,
        text: `The clock of ${name} differs by ${Math.round(peer.clockOffsetMs / 60_000)} minutes.`,
        hint: 'Set the clock on that machine; until then its news waits.',
      }
    }
    return {
      code: 'machine',
      result: 'ok' as const,
      text: `${name} is connected (${peer.address}, ${peer.roundTripMs.toFixed(1)} ms).`,
    }
  })
}
