/**
 * What a new member is given: all rows, the pool's secret and the secrets of its epochs. The inviter has proved that it
 * knows the code; the joiner still checks that everything fits together, so that a faulty inviter cannot leave it in a pool
 * that nobody else would recognise.
 */
import { EngineError } from '../base/error.ts'
import type { NodeId } from '../base/ids.ts'
import type { PoolSecrets } from '../identity/index.ts'
import { isSecretOf } from './epochs.ts'
import { decodeRow, poolIdOf } from './memberRow.ts'
import type { OwnPool } from './ownPool.ts'
import type { Welcome } from './pairing.ts'
import { RowSet, verified } from './rowSet.ts'

/** What this pool gives to a node that it has just admitted. */
export function makeWelcome(pool: OwnPool, poolName: string): Welcome {
  const { poolSecret, epochs } = pool.secrets
  return { genesis: pool.rows.genesis, poolName, rows: pool.rows.encoded(() => true), poolSecret, epochs }
}

/** Checks what an inviter gave to this node (`self`). Throws `bad-row`, `bad-message`. */
export function readWelcome(
  welcome: Welcome,
  self: NodeId,
  inviter: NodeId,
): { readonly rows: RowSet; readonly secrets: PoolSecrets } {
  const rows = new RowSet(verified(welcome.rows.map(decodeRow), welcome.genesis, () => undefined))
  const { judged } = rows
  if (judged.genesis === null) throw wrong('it did not give the row that founds the pool')
  if (judged.byNode.get(inviter)?.role !== 'full') throw wrong('it is no member of the pool itself')
  if (judged.byNode.get(self)?.role !== 'full') throw wrong('it did not admit this machine')
  const epochs = welcome.epochs.filter(({ id, secret }) =>
    rows.rows().some((row) => row.kind === 'epoch' && row.epoch === id && isSecretOf(row, secret)),
  )
  if (epochs.length === 0) throw wrong("it did not give the pool's keys")
  return { rows, secrets: { poolId: poolIdOf(welcome.genesis), poolSecret: welcome.poolSecret, epochs } }
}

function wrong(why: string): EngineError {
  return new EngineError('bad-message', `the inviting machine knew the code, but ${why}`, {
    hint: 'Make a new code on another machine of the pool.',
  })
}
