/**
 * Opens the membership that a data folder holds. The mark in members.db alone says whether the node is in a pool; secrets
 * without it are left over from a crash and forgotten, and a mark without its secrets or its first row is damage, which is
 * reported and never repaired by guessing.
 */
import { EngineError } from '../base/error.ts'
import { forgetPoolSecrets, loadPoolSecrets } from '../identity/index.ts'
import { poolIdOf } from './memberRow.ts'
import { type MembershipOptions, OwnMembership } from './membership.ts'
import { OwnPool } from './ownPool.ts'
import { RowSet } from './rowSet.ts'
import { MemberStore } from './store.ts'
import type { PoolMembership } from './types.ts'

const MEMBERS_FILE = 'members.db'

/** Opens the membership kept in the data folder. Throws `damaged-file`, `damaged-database`, `newer-database`, `newer-file`. */
export async function createMembership(options: MembershipOptions): Promise<PoolMembership> {
  const { disk } = options.ports
  const store = new MemberStore(disk.openDatabase(MEMBERS_FILE))
  const mark = store.pool()
  const secrets = await loadPoolSecrets(disk)
  if (mark === undefined) {
    // A crash between the secrets and the mark, or between the forgetting of the two.
    if (secrets !== undefined) await forgetPoolSecrets(disk)
    return new OwnMembership(options, store, null)
  }
  if (secrets?.poolId !== poolIdOf(mark.genesis)) {
    const state = secrets === undefined ? 'missing' : 'of another pool'
    throw new EngineError('damaged-file', `pool.json is ${state}: without it nothing of the pool can be read here`, {
      hint: 'Put it back from a backup of the data folder. Without one, move the data folder away and join the pool anew.',
    })
  }
  const rows = new RowSet(store.rows())
  if (rows.judged.genesis !== mark.genesis) {
    throw new EngineError('damaged-database', 'members.db is damaged: the row that founds the pool is missing', {
      hint: 'Put it back from a backup of the data folder. Without one, move the data folder away and join the pool anew.',
    })
  }
  const pool = new OwnPool({ ...options.ports, identity: options.identity }, rows, secrets)
  const membership = new OwnMembership(options, store, pool)
  await membership.resume()
  return membership
}
