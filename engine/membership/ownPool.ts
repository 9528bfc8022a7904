/**
 * The pool that this node is in: its rows, its secrets and the keyring from them, and this node's voice as a member. An
 * epoch's secret is durable in pool.json before anything is sealed under it; secrets once known stay known, also of epochs
 * that became void, since what was written under them must stay readable.
 */
import assert from 'node:assert/strict'
import { Semaphore } from '../base/async.ts'
import { EngineError } from '../base/error.ts'
import type { EpochId, NodeId, PoolId } from '../base/ids.ts'
import {
  createKeyring,
  type EpochSecret,
  type GrowingKeyring,
  type Identity,
  type PoolSecrets,
  savePoolSecrets,
} from '../identity/index.ts'
import { limits } from '../limits.ts'
import type { Clock, Disk, Random } from '../ports.ts'
import { drawEpoch, isSecretOf, openEpoch, safeEpochs, standingEpochs } from './epochs.ts'
import { type EpochRow, type MemberRow, poolIdOf, type RowHash, type Statement, signRow } from './memberRow.ts'
import type { MemberSet } from './memberSet.ts'
import type { RowSet } from './rowSet.ts'
import type { Member } from './types.ts'

export interface OwnPoolPorts {
  readonly identity: Identity
  readonly clock: Clock
  readonly random: Random
  readonly disk: Disk
}

export class OwnPool {
  readonly poolId: PoolId
  readonly rows: RowSet
  readonly keyring: GrowingKeyring
  readonly #ports: OwnPoolPorts
  readonly #poolSecret: Buffer
  readonly #secretById: Map<EpochId, Buffer>
  readonly #saving = new Semaphore(1)
  #retired = false
  #current: { readonly judged: MemberSet; readonly known: number; readonly epoch: EpochId } | undefined

  /** `secrets` are those that pool.json holds. */
  constructor(ports: OwnPoolPorts, rows: RowSet, secrets: PoolSecrets) {
    this.poolId = poolIdOf(rows.genesis)
    assert.equal(secrets.poolId, this.poolId)
    this.rows = rows
    this.#ports = ports
    this.#poolSecret = secrets.poolSecret
    this.#secretById = new Map(secrets.epochs.map(({ id, secret }) => [id, secret]))
    this.keyring = createKeyring({ ...secrets, current: () => this.#currentEpoch() })
  }

  get secrets(): PoolSecrets {
    const epochs = Array.from(this.#secretById, ([id, secret]) => ({ id, secret }))
    return { poolId: this.poolId, poolSecret: this.#poolSecret, epochs }
  }

  /** This node as a member, or undefined once it was removed. */
  get self(): Member | undefined {
    return this.rows.judged.byNode.get(this.#ports.identity.nodeId)
  }

  /** The admission of this node that stands, or the last that it had. */
  get ownAdmission(): RowHash | null {
    const { nodeId } = this.#ports.identity
    const last = this.rows.rows().findLast((row) => row.kind === 'admit' && row.subject === nodeId)
    return (this.self?.admission as RowHash | undefined) ?? last?.hash ?? null
  }

  /** Signs as a full member; throws `removed`, `not-a-full-member`. */
  sign(statement: Statement): MemberRow {
    const { self } = this
    if (self === undefined) throw removedError()
    const leaves = statement.kind === 'remove' && statement.target === self.nodeId
    if (self.role !== 'full' && !leaves) {
      throw new EngineError('not-a-full-member', 'this machine only stores for the pool and decides nothing')
    }
    const under = { genesis: this.rows.genesis, authority: self.admission as RowHash }
    return signRow(this.#ports.identity, under, this.#ports.clock.nowMs(), statement)
  }

  /** Signs a removal that lets stand what the target has signed so far, as far as one row can list it. */
  signRemoval(target: NodeId): MemberRow {
    const { judged } = this.rows
    // What this row itself rests on comes first: without it the removal would void itself.
    const chain = new Set(this.ownAdmission === null ? [] : this.rows.chain(this.ownAdmission))
    const isMembers = (row: MemberRow) => row.kind === 'admit' && judged.byNode.has(row.subject)
    const rank = (row: MemberRow) => (chain.has(row.hash) ? 0 : isMembers(row) ? 1 : row.kind === 'remove' ? 2 : 3)
    const signed = [...judged.signedBy(target)].reverse()
    const stands = signed.sort((left, right) => rank(left) - rank(right)).slice(0, limits.hashesPerMemberRow)
    return this.sign({ kind: 'remove', target, stands: stands.map((row) => row.hash) })
  }

  /** Makes an epoch for the set as it will be with `rows`; its secret is durable when this resolves, its row is not. */
  async signEpoch(rows: readonly MemberRow[] = []): Promise<EpochRow> {
    const { statement, secret } = drawEpoch(this.rows.judgedWith(rows), this.#ports.random)
    const row = this.sign(statement)
    assert(row.kind === 'epoch')
    await this.#learn([{ id: row.epoch, secret }])
    return row
  }

  /** Opens the epochs that were sealed to this node and that it does not know yet. Throws `disk-full`. */
  async openEpochs(): Promise<void> {
    const opened = this.unknownEpochs().flatMap((epoch) => {
      const secret = openEpoch(epoch, this.#ports.identity)
      return secret === undefined ? [] : [{ id: epoch.epoch, secret }]
    })
    await this.#learn(opened)
  }

  /** Epochs that stand and whose secret this node does not know. */
  unknownEpochs(): EpochRow[] {
    return standingEpochs(this.rows.judged).filter((epoch) => !this.#secretById.has(epoch.epoch))
  }

  /** Takes secrets that another member gave; those that are not what their epoch's row says are passed over. */
  async learnChecked(secrets: readonly EpochSecret[]): Promise<void> {
    const byId = new Map(this.unknownEpochs().map((epoch) => [epoch.epoch, epoch]))
    await this.#learn(
      secrets.filter(({ id, secret }) => {
        const epoch = byId.get(id)
        return epoch !== undefined && isSecretOf(epoch, secret)
      }),
    )
  }

  secretOf(epoch: EpochId): Buffer | undefined {
    return this.#secretById.get(epoch)
  }

  /** The node is in this pool no more: once resolved, nothing more is written to pool.json. */
  async retire(): Promise<void> {
    this.#retired = true
    const release = await this.#saving.take(1)
    release()
  }

  async #learn(secrets: readonly EpochSecret[]): Promise<void> {
    const release = await this.#saving.take(1)
    try {
      const fresh = secrets.filter(({ id }) => !this.#secretById.has(id))
      if (fresh.length === 0 || this.#retired) return
      const { poolId, poolSecret, epochs } = this.secrets
      await savePoolSecrets(this.#ports.disk, { poolId, poolSecret, epochs: [...epochs, ...fresh] })
      for (const epoch of fresh) {
        this.#secretById.set(epoch.id, epoch.secret)
        this.keyring.add(epoch)
      }
    } finally {
      release()
    }
  }

  /** The current epoch; while its secret is on the way, or its row still to be made, the newest that is known. */
  #currentEpoch(): EpochId {
    const { judged } = this.rows
    const known = this.#secretById.size
    if (this.#current?.judged !== judged || this.#current.known !== known) {
      const best = [...safeEpochs(judged), ...standingEpochs(judged)].find((row) => this.#secretById.has(row.epoch))
      const epoch = best?.epoch ?? [...this.#secretById.keys()].at(-1)
      assert(epoch !== undefined, 'a member knows the secret of at least one epoch')
      this.#current = { judged, known, epoch }
    }
    return this.#current.epoch
  }
}

/** What a node that was removed is told. */
export function removedError(): EngineError {
  return new EngineError('removed', 'this machine was removed from the pool', {
    hint: 'Leave the pool here, or join it again with a new invite code.',
  })
}
