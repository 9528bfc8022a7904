/**
 * "Replace this machine": the new one takes over what people chose for the old one (name, place, kind, space, pins), and the old one
 * is drained. It leaves by itself once it is empty; one that is gone for good is removed by the caller. All that is said here
 * is in rows, so any machine may begin it, and it goes on whichever of them restarts.
 */
import { EngineError } from '../base/error.ts'
import type { NodeId } from '../base/ids.ts'
import type { Catalog, CatalogTransaction, NodeProfile } from '../catalog/index.ts'
import { limits } from '../limits.ts'
import { type CommitDeps, commit } from './commit.ts'

/** Pins of as many entries change per transaction. */
const pinsPerBatch = 500

/**
 * Writes it down. `roomBytes`: what the new machine could give at most; null where that is not known. Throws `no-such-node` for a
 * machine that has not introduced itself, `conflict` for one that is itself being replaced.
 */
export async function replaceNode(
  deps: CommitDeps,
  old: NodeId,
  heir: NodeId,
  roomBytes: number | null,
): Promise<void> {
  await commit(deps, (tx) => {
    const before = profileOf(tx, old)
    const own = profileOf(tx, heir)
    if (own.replacedBy !== undefined)
      throw new EngineError('conflict', `${own.name} is being replaced itself and cannot take another machine’s place`)
    const { name, site, deviceClass, quotaBytes } = before
    const fits = quotaBytes <= (roomBytes ?? own.quotaBytes)
    const taken: NodeProfile = { ...own, name, site, deviceClass, drain: false, ...(fits ? { quotaBytes } : {}) }
    tx.write({ what: 'profile', node: heir, profile: taken })
    const renamed = Buffer.byteLength(`${name} (old)`) <= limits.nodeNameMaxBytes ? `${name} (old)` : name
    tx.write({ what: 'profile', node: old, profile: { ...before, name: renamed, drain: true, replacedBy: heir } })
  })
  for (let more = true; more; ) {
    more = (await commit(deps, (tx) => movePins(tx, old, heir))).value
  }
}

/** True while there may be more. */
function movePins(tx: CatalogTransaction, old: NodeId, heir: NodeId): boolean {
  const entries = tx.pinnedBy(old)
  for (const entry of entries.slice(0, pinsPerBatch)) {
    const own = tx.ownPolicy(entry)
    const pinnedTo = [...new Set((own?.pinnedTo ?? []).map((node) => (node === old ? heir : node)))]
    tx.write({ what: 'policy', entry, copies: own?.copies ?? null, pinnedTo })
  }
  return entries.length > pinsPerBatch
}

function profileOf(tx: CatalogTransaction, node: NodeId): NodeProfile {
  const profile = tx.profile(node)
  if (profile === undefined) throw new EngineError('no-such-node', `the machine ${node} has not introduced itself yet`)
  return profile
}

/** True if a file needs something that no other machine claims to have. */
export function holdsLastCopies(catalog: Catalog, node: NodeId): boolean {
  return catalog.chunks.patterns().some(({ holders }) => holders.length === 1 && holders[0] === node)
}
