/**
 * The service's operations on machines: what each is, holds and gives, and what people decide about it.
 */
import { EngineError } from '../../base/error.ts'
import { type NodeId, NodeIds } from '../../base/ids.ts'
import type { HolderPattern, NodeProfile } from '../../catalog/index.ts'
import { commit, type OnlyOn } from '../../files/index.ts'
import { limits } from '../../limits.ts'
import type { Node, NodePatch, NodeTraffic } from '../../../shared/index.ts'
import type { Service } from '../service.ts'
import { pageOfAll } from './paging.ts'
import { machineName, timeText } from './words.ts'
import { inPool, knownMember, type NodeParts, type PoolParts } from './parts.ts'

type NodeOperations = Pick<Service, 'nodes' | 'node' | 'patchNode' | 'removeNode' | 'replaceNode'>

export function nodeOperations(parts: NodeParts): NodeOperations {
  const pool = () => inPool(parts)
  const shown = async (node: NodeId) => (await viewOf(parts, pool()))(node)
  return {
    async nodes(query) {
      const show = await viewOf(parts, pool())
      return pageOfAll('nodes', membersShown(parts).map(show), query)
    },
    async node(id) {
      // Whoever watches must hear that a machine was removed.
      const node = NodeIds.parse(id)
      return await shown(parts.membership.wasRemoved(node) ? node : knownMember(parts, id))
    },
    async patchNode(id, patch) {
      const here = pool()
      const node = knownMember(parts, id)
      refuseLongAbsence(parts, patch)
      refuseMissingPresent(here, node, patch)
      await commit(here, (tx) => {
        const profile = tx.profile(node)
        if (profile === undefined)
          throw new EngineError('no-such-node', `the machine ${id} has not introduced itself yet`)
        tx.write({ what: 'profile', node, profile: patchedProfile(profile, patch) })
      })
      here.census.invalidate()
      here.wakeRepair()
      return await shown(node)
    },
    async removeNode(id) {
      const here = pool()
      const node = NodeIds.parse(id)
      if (node === parts.self)
        throw new EngineError('self', 'a machine cannot remove itself', { hint: 'Leave the pool instead.' })
      knownMember(parts, id)
      await parts.membership.remove(node)
      here.wakeRepair()
    },
    ...(parts.replaceNode === undefined
      ? {}
      : {
          async replaceNode(id: string, by: string) {
            pool()
            const old = knownMember(parts, id)
            const heir = knownMember(parts, by)
            if (old === heir) throw new EngineError('bad-request', 'a machine cannot take its own place')
            await parts.replaceNode?.(old, heir)
          },
        }),
  }
}

/** Members, and this node also when it was removed: whoever looks must see that. */
export function membersShown(parts: NodeParts): NodeId[] {
  const members = parts.membership.members().map((member) => member.nodeId)
  return parts.membership.removal() === null || members.includes(parts.self) ? members : [parts.self, ...members]
}

function refuseLongAbsence(parts: NodeParts, { awayUntil }: NodePatch): void {
  if (awayUntil === undefined || awayUntil === null) return
  if (Date.parse(awayUntil) - parts.clock.nowMs() <= limits.awayUntilMaxMs) return
  throw new EngineError('away-too-long', `${awayUntil} is more than 7 days ahead`, {
    hint: 'Choose an earlier time; for longer, drain the machine or remove it.',
  })
}

/** What a machine holds that is there needs no other copies in its stead. */
function refuseMissingPresent(pool: PoolParts, node: NodeId, { missed }: NodePatch): void {
  if (missed !== true || !pool.roster.reachable().has(node)) return
  throw new EngineError('machine-there', `${machineName(pool, node)} is there; there is nothing to copy in its stead`, {
    hint: 'Drain it to move everything off it.',
  })
}

function patchedProfile(profile: NodeProfile, patch: NodePatch): NodeProfile {
  const { awayUntil, missed, ...rest } = definedOf(patch)
  const { replacedBy, missed: was, ...own } = profile
  // A machine that is to stay is not replaced either; whoever says until when one is away waits for it.
  const isMissed = missed ?? (was === true && typeof awayUntil !== 'string')
  return {
    ...own,
    ...(replacedBy === undefined || patch.drain === false ? {} : { replacedBy }),
    ...(isMissed ? { missed: true } : {}),
    ...rest,
    ...(awayUntil === undefined ? {} : { awayUntilMs: awayUntil === null ? null : Date.parse(awayUntil) }),
  }
}

type Defined<T> = { [Key in keyof T]?: Exclude<T[Key], undefined> }

/** Without the fields that were not given. */
export function definedOf<T extends object>(value: T | undefined): Defined<T> {
  return Object.fromEntries(Object.entries(value ?? {}).filter(([, each]) => each !== undefined)) as Defined<T>
}

/** Shows machines, all as of one moment. */
async function viewOf(parts: NodeParts, pool: PoolParts): Promise<(nodeId: NodeId) => Node> {
  const onlyOn = await pool.census.onlyOn()
  const freeDiskBytes = await parts.freeDiskBytes?.()
  const patterns = pool.catalog.chunks.patterns()
  return (nodeId) => ({
    ...toNode(parts, pool, nodeId, onlyOn.get(nodeId), patterns),
    ...(nodeId === parts.self && freeDiskBytes !== undefined ? { freeDiskBytes } : {}),
  })
}

function toNode(
  parts: NodeParts,
  pool: PoolParts,
  nodeId: NodeId,
  onlyHere: OnlyOn | undefined,
  patterns: readonly HolderPattern[],
): Node {
  const { roster, catalog } = pool
  const profile = roster.profile(nodeId)
  const { usedBytes, quotaBytes } = roster.space(nodeId)
  const peer = parts.network.peer(nodeId)
  const lastSeenMs = roster.lastSeenMs(nodeId)
  const self = nodeId === parts.self
  const waitEndsMs = roster.waitEndsMs(nodeId)
  const held = patterns.filter((each) => each.holders.includes(nodeId))
  const root = roster.catalogRoot(nodeId)
  return {
    id: nodeId,
    name: profile?.name ?? nodeId.slice(0, 8),
    site: profile?.site ?? '',
    role: parts.membership.member(nodeId)?.role ?? 'full',
    state: isRemoved(parts, nodeId) ? 'removed' : roster.liveness(nodeId),
    deviceClass: profile?.deviceClass ?? 'desktop',
    lastSeen: lastSeenMs === null ? null : timeText(lastSeenMs),
    addresses: self
      ? parts.network.addresses()
      : [...new Set([...(peer === undefined ? [] : [peer.address]), ...(profile?.addresses ?? [])])],
    quotaBytes: profile?.quotaBytes ?? quotaBytes,
    usedBytes,
    freeBytes: Math.max(0, quotaBytes - usedBytes),
    self,
    drain: profile?.drain ?? false,
    awayUntil: profile === undefined || profile.awayUntilMs === null ? null : timeText(profile.awayUntilMs),
    missed: profile?.missed === true,
    clockOffsetMs: self ? 0 : (peer?.clockOffsetMs ?? null),
    upToDate: self ? true : root === undefined ? null : root === catalog.root(),
    chunks: held.reduce((sum, each) => sum + each.chunks, 0),
    onlyHere: { files: onlyHere?.files ?? 0, bytes: onlyHere?.bytes ?? 0 },
    sameComputerAs: roster
      .places()
      .filter((each) => each.nodeId !== nodeId && each.machineHash === profile?.machineHash)
      .map((each) => each.nodeId),
    shedding: sheddingOf(parts, pool, nodeId, held),
    waitEnds: waitEndsMs === null ? null : timeText(waitEndsMs),
    replacedBy: profile?.replacedBy ?? null,
    traffic: trafficOf(parts, nodeId),
  }
}

/** With the machine; of this one itself, with all the others together. */
function trafficOf(parts: NodeParts, nodeId: NodeId): NodeTraffic | null {
  const others = nodeId === parts.self ? membersShown(parts) : [nodeId]
  const each = others.map((id) => parts.network.traffic(id)).filter((traffic) => traffic !== undefined)
  if (each.length === 0) return null
  const sum = (rates: readonly (readonly number[])[]): number[] =>
    Array.from({ length: limits.trafficSteps }, (_, step) => rates.reduce((all, rate) => all + (rate[step] ?? 0), 0))
  return {
    stepMs: limits.trafficStepMs,
    sentBytesPerSec: sum(each.map(({ sentBytesPerSec }) => sentBytesPerSec)),
    receivedBytesPerSec: sum(each.map(({ receivedBytesPerSec }) => receivedBytesPerSec)),
  }
}

function isRemoved(parts: NodeParts, nodeId: NodeId): boolean {
  const { membership, self } = parts
  return membership.member(nodeId) === undefined || (nodeId === self && membership.removal() !== null)
}

/** A node knows why it gives up what; of others it can be seen that they drain, and what they still hold. */
function sheddingOf(
  parts: NodeParts,
  pool: PoolParts,
  nodeId: NodeId,
  held: readonly HolderPattern[],
): Node['shedding'] {
  const own = nodeId === parts.self ? pool.shedding?.status() : undefined
  if (own !== undefined) {
    const { reason, ...rest } = own
    return reason === null ? null : { reason, ...rest }
  }
  const profile = pool.roster.profile(nodeId)
  if (profile?.drain !== true) return null
  return {
    reason: (profile.replacedBy ?? null) === null ? 'drain' : 'replace',
    chunksLeft: held.reduce((sum, each) => sum + each.chunks, 0),
    bytesLeft: held.reduce((sum, each) => sum + each.bytes, 0),
    stuck: null,
  }
}
