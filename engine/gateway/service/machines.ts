/**
 * The service's operations on the pool and its machines, and health: what people see of who is there and whether all is safe.
 */
import type { DoctorCheck, Health, Node, NodePatch, Reason } from '../../../shared/index.ts'
import { EngineError } from '../../base/error.ts'
import { type NodeId, NodeIds } from '../../base/ids.ts'
import type { NodeProfile } from '../../catalog/index.ts'
import { commit, type StateCounts } from '../../files/index.ts'
import { type FileState, worse } from '../../placement/index.ts'
import type { Service } from '../service.ts'
import { inPool, knownMember, pageOfAll } from './contents.ts'
import { machineName, timeText } from './entries.ts'
import type { NodeParts, PoolParts } from './parts.ts'

type Machines = Pick<
  Service,
  | 'pool'
  | 'createPool'
  | 'invite'
  | 'joinPool'
  | 'leavePool'
  | 'discovered'
  | 'nodes'
  | 'node'
  | 'patchNode'
  | 'removeNode'
  | 'health'
  | 'doctor'
  | 'activity'
  | 'settings'
  | 'patchSettings'
>

const defaultCopies = 2

export function machineOperations(parts: NodeParts): Machines {
  const pool = () => inPool(parts)
  return {
    async pool() {
      const here = parts.pool()
      return here === null ? null : toPool(parts, here)
    },
    async createPool({ name, copies }) {
      await parts.createPool(name, copies ?? defaultCopies)
      return toPool(parts, pool())
    },
    async invite() {
      pool()
      const { code, expiresAtMs } = await parts.invite()
      return { code, expiresAt: timeText(expiresAtMs), address: parts.network.addresses()[0] ?? '' }
    },
    async joinPool({ code, address }) {
      await parts.joinPool(code, address)
      return toPool(parts, pool())
    },
    async leavePool() {
      pool()
      await parts.leavePool(undefined)
    },
    async discovered(query) {
      const hint = parts.membership.keyring?.poolHint ?? null
      const seen = parts.sightings().map(({ sighting, atMs }) => ({
        nodeId: sighting.nodeId,
        name: sighting.name,
        addresses: sighting.addresses,
        pool:
          sighting.poolHint === null
            ? ('none' as const)
            : sighting.poolHint === hint
              ? ('same' as const)
              : ('other' as const),
        lastSeen: timeText(atMs),
      }))
      return pageOfAll(seen, query)
    },
    async nodes(query) {
      const here = pool()
      const nodes = parts.membership.members().map((member) => toNode(parts, here, member.nodeId))
      return pageOfAll(nodes, query)
    },
    async node(id) {
      return toNode(parts, pool(), knownMember(parts, id))
    },
    async patchNode(id, patch) {
      const here = pool()
      const node = knownMember(parts, id)
      await commit(here, (tx) => {
        const profile = tx.profile(node)
        if (profile === undefined)
          throw new EngineError('no-such-node', `the machine ${id} has not introduced itself yet`)
        tx.write({ what: 'profile', node, profile: patchedProfile(profile, patch) })
      })
      here.wakeCopier()
      return toNode(parts, here, node)
    },
    async removeNode(id) {
      const here = pool()
      const node = NodeIds.parse(id)
      if (node === parts.self)
        throw new EngineError('self', 'a machine cannot remove itself', { hint: 'Leave the pool instead.' })
      knownMember(parts, id)
      await parts.membership.remove(node)
      here.wakeCopier()
    },
    async health() {
      const here = parts.pool()
      return here === null ? noPoolHealth : toHealth(here)
    },
    async doctor(): Promise<DoctorCheck[]> {
      return await parts.doctor()
    },
    async activity(query) {
      return pageOfAll([...parts.activity()].reverse(), query)
    },
    async settings() {
      return withoutName(pool())
    },
    async patchSettings(patch) {
      const here = pool()
      await commit(here, (tx) => {
        const now = tx.settings()
        if (now === undefined) throw new EngineError('conflict', 'the pool’s settings have not arrived here yet')
        const given = Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined))
        tx.write({
          what: 'settings',
          settings: { ...now, ...given, graceMs: { ...now.graceMs, ...definedOf(patch.graceMs) } },
        })
      })
      here.wakeCopier()
      return withoutName(here)
    },
  }
}

function withoutName(pool: PoolParts) {
  const settings = pool.catalog.read.settings()
  if (settings === undefined) throw new EngineError('conflict', 'the pool’s settings have not arrived here yet')
  const { name: _, ...rest } = settings
  return { ...rest, graceMs: { ...rest.graceMs } }
}

type Defined<T> = { [Key in keyof T]?: Exclude<T[Key], undefined> }

/** Without the fields that were not given. */
function definedOf<T extends object>(value: T | undefined): Defined<T> {
  return Object.fromEntries(Object.entries(value ?? {}).filter(([, each]) => each !== undefined)) as Defined<T>
}

function patchedProfile(profile: NodeProfile, patch: NodePatch): NodeProfile {
  const { awayUntil, ...rest } = definedOf(patch)
  return {
    ...profile,
    ...rest,
    ...(awayUntil === undefined ? {} : { awayUntilMs: awayUntil === null ? null : Date.parse(awayUntil) }),
  }
}

function toPool(parts: NodeParts, pool: PoolParts) {
  const nodes = parts.membership.members().map((member) => toNode(parts, pool, member.nodeId))
  const sum = (pick: (node: Node) => number) => nodes.reduce((total, node) => total + pick(node), 0)
  const all = pool.catalog.read.countAll()
  const settings = pool.catalog.read.settings()
  return {
    id: parts.membership.poolId ?? '',
    name: settings?.name ?? '',
    copies: settings?.copies ?? defaultCopies,
    nodeId: parts.self,
    nodes: nodes.length,
    nodesOnline: nodes.filter((node) => node.state === 'online').length,
    files: all.files,
    folders: all.folders,
    bytes: all.bytes,
    quotaBytes: sum((node) => node.quotaBytes),
    usedBytes: sum((node) => node.usedBytes),
    freeBytes: sum((node) => node.freeBytes),
  }
}

function toNode(parts: NodeParts, pool: PoolParts, nodeId: NodeId): Node {
  const { roster, catalog } = pool
  const profile = roster.profile(nodeId)
  const { usedBytes, quotaBytes } = roster.space(nodeId)
  const peer = parts.network.peer(nodeId)
  const lastSeenMs = roster.lastSeenMs(nodeId)
  const self = nodeId === parts.self
  return {
    id: nodeId,
    name: profile?.name ?? nodeId.slice(0, 8),
    site: profile?.site ?? '',
    role: parts.membership.member(nodeId)?.role ?? 'full',
    state: roster.liveness(nodeId),
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
    clockOffsetMs: self ? 0 : (peer?.clockOffsetMs ?? null),
    upToDate: self
      ? true
      : (roster.catalogRoot(nodeId) ?? null) === null
        ? null
        : roster.catalogRoot(nodeId) === catalog.root(),
  }
}

const noPoolHealth: Health = {
  state: 'no-pool',
  chunks: { total: 0, full: 0, degraded: 0, atRisk: 0, unreachable: 0, lost: 0 },
  files: { total: 0, protected: 0, copying: 0, degraded: 0, atRisk: 0, unreachable: 0, lost: 0 },
  repair: { queuedChunks: 0, queuedBytes: 0 },
  reasons: [
    { code: 'no-pool', text: 'This machine is in no pool.', action: 'Create a pool, or join one with a code.' },
  ],
}

function toHealth(pool: PoolParts): Health {
  const files = pool.census.files()
  const { counts: chunks, shortChunks, shortBytes } = pool.census.chunks()
  const total = (counts: StateCounts) => Object.values(counts).reduce((sum, count) => sum + count, 0)
  return {
    state: worstOf(files),
    chunks: {
      total: total(chunks),
      full: chunks.protected,
      degraded: chunks.degraded + chunks.copying,
      atRisk: chunks['at-risk'],
      unreachable: chunks.unreachable,
      lost: chunks.lost,
    },
    files: {
      total: total(files),
      protected: files.protected,
      copying: files.copying,
      degraded: files.degraded,
      atRisk: files['at-risk'],
      unreachable: files.unreachable,
      lost: files.lost,
    },
    repair: { queuedChunks: shortChunks, queuedBytes: shortBytes },
    reasons: healthReasons(pool, files),
  }
}

function worstOf(counts: StateCounts): FileState {
  const states = Object.keys(counts) as FileState[]
  return states.reduce<FileState>((worst, state) => (counts[state] > 0 ? worse(worst, state) : worst), 'protected')
}

function healthReasons(pool: PoolParts, files: StateCounts): Reason[] {
  const reasons: Reason[] = []
  const places = pool.roster.places()
  const copies = pool.catalog.read.settings()?.copies ?? defaultCopies
  if (places.length < copies) {
    reasons.push({
      code: 'too-few-machines',
      text: `The pool has ${places.length} of the ${copies} machines that ${copies} copies need.`,
      action: 'Add a machine.',
    })
  }
  for (const { nodeId } of places) {
    const state = pool.roster.liveness(nodeId)
    if (state !== 'offline' && state !== 'away') continue
    const name = machineName(pool, nodeId)
    reasons.push({
      code: 'machine-away',
      nodeId,
      text: `${name} is switched off or cannot be reached.`,
      action: `Switch on ${name}.`,
    })
  }
  const computers = new Set(places.map((each) => each.machineHash)).size
  if (places.length > 1 && computers < Math.min(copies, places.length)) {
    reasons.push({
      code: 'same-computer',
      text: 'Machines of this pool run on one computer: their copies are lost together with it.',
      action: 'Add a machine on another computer.',
    })
  }
  if (files.lost > 0) {
    reasons.push({
      code: 'lost',
      text: `${files.lost} files are not whole on any machine.`,
      action: 'If a removed machine still has its disk, connect it again.',
    })
  }
  return reasons
}
