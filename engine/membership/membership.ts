/**
 * A node's membership in a pool, from creating or joining one to leaving it or being removed. Holds to three orders:
 * secrets are durable before the mark that says "in a pool", rows are durable before they are acted on or handed on, and
 * an invite is spent before a secret is sent. One change of this node's own state at a time; rows of others are merged
 * whenever they come.
 */
import { Semaphore } from '../base/async.ts'
import { EngineError, isEngineError } from '../base/error.ts'
import type { EpochId, NodeId, PoolId } from '../base/ids.ts'
import {
  forgetPoolSecrets,
  type Identity,
  type Keyring,
  nodeIdOfCertificate,
  type PoolSecrets,
  savePoolSecrets,
  sealTo,
} from '../identity/index.ts'
import { limits } from '../limits.ts'
import type { PeerNetwork } from '../net/index.ts'
import type { Ports, Wire } from '../ports.ts'
import { AddressBook } from './addresses.ts'
import { decodeAdmission, encodeAdmission } from './admission.ts'
import { safeEpochs, shouldRotate } from './epochs.ts'
import type { Delivery } from './exchange.ts'
import { Following } from './following.ts'
import { readInviteCode } from './inviteCode.ts'
import { Invites } from './invites.ts'
import { joinAtOneOf } from './joining.ts'
import { type MemberRow, poolIdOf, signGenesis } from './memberRow.ts'
import { OwnPool, removedError } from './ownPool.ts'
import { answerPairing, type InviteDesk, type Joiner, pairAsJoiner, type Welcome } from './pairing.ts'
import { refusalFor } from './refusals.ts'
import { RowSet } from './rowSet.ts'
import type { MemberStore } from './store.ts'
import type { Former, Invite, Member, PoolMembership, Removal } from './types.ts'
import { makeWelcome, readWelcome } from './welcome.ts'

export interface MembershipOptions {
  readonly ports: Pick<Ports, 'clock' | 'random' | 'disk'> & { readonly transport: Pick<Ports['transport'], 'dial'> }
  readonly identity: Identity
  /** What joiners are told that the pool is called; default: what this node was told itself. */
  readonly poolName?: () => string
  /** Told of failures of background work that no caller waits for: a full disk while an epoch is made. */
  readonly fault: (error: unknown) => void
}

/** Made by createMembership, which checks that what the disk holds fits together. */
export class OwnMembership implements PoolMembership {
  readonly addresses: AddressBook
  readonly #options: MembershipOptions
  readonly #self: NodeId
  readonly #store: MemberStore
  readonly #invites: Invites
  readonly #following: Following
  readonly #listeners = new Set<() => void>()
  readonly #turn = new Semaphore(1)
  #pool: OwnPool | null

  constructor(options: MembershipOptions, store: MemberStore, pool: OwnPool | null) {
    const { clock, random } = options.ports
    this.#options = options
    this.#self = options.identity.nodeId
    this.#store = store
    this.#pool = pool
    this.#invites = new Invites(store, clock, random)
    this.addresses = new AddressBook(store, clock, {
      isMember: (node) => this.member(node) !== undefined,
      changed: () => this.#following.follow(),
    })
    this.#following = new Following(this.#self, clock, this.addresses, {
      rows: () => this.#pool?.rows ?? null,
      merge: (rows, from) => this.#merge(rows, from),
      unknownEpochs: () => this.#pool?.unknownEpochs().map((epoch) => epoch.epoch) ?? [],
      sealSecrets: (epochs, to) => this.#sealSecrets(epochs, to),
      unseal: (sealed) => options.identity.unseal(sealed),
      learn: async (secrets) => this.#pool?.learnChecked(secrets),
      fault: options.fault,
      makeEpoch: () => this.#makeEpoch(),
      answer: (wire) => this.#answer(wire),
    })
  }

  /** After a start: finishes what a crash cut off. */
  async resume(): Promise<void> {
    const pool = this.#pool
    if (pool === null) return
    const left = pool.rows.judged.removals.some((row) => row.target === this.#self && row.signer === this.#self)
    if (left && pool.self === undefined) await this.#forget()
    else await pool.openEpochs()
  }

  // -------------------------------------------------------------- what is

  get poolId(): PoolId | null {
    return this.#pool?.poolId ?? null
  }

  get poolName(): string | null {
    return this.#store.pool()?.name ?? null
  }

  get keyring(): Keyring | null {
    return this.#pool?.keyring ?? null
  }

  members(): Member[] {
    return [...(this.#pool?.rows.judged.members ?? [])]
  }

  member(nodeId: NodeId): Member | undefined {
    return this.#pool?.rows.judged.byNode.get(nodeId)
  }

  wasRemoved(nodeId: NodeId): boolean {
    return this.#pool?.rows.judged.former.has(nodeId) ?? false
  }

  former(): Former[] {
    const judged = this.#pool?.rows.judged
    const lastAtMs = new Map<NodeId, number>()
    for (const { target, atMs } of judged?.removals ?? []) {
      if (judged?.former.has(target) === true) lastAtMs.set(target, Math.max(atMs, lastAtMs.get(target) ?? 0))
    }
    return [...lastAtMs]
      .map(([nodeId, removedAtMs]) => ({ nodeId, removedAtMs }))
      .toSorted((a, b) => b.removedAtMs - a.removedAtMs)
  }

  removal(): Removal | null {
    if (this.#pool === null) return null
    const { judged } = this.#pool.rows
    if (this.#pool.self === undefined) {
      const removal = judged.removals.find((row) => row.target === this.#self)
      return { by: removal?.signer ?? null, proved: true }
    }
    const claimant = judged.members.find((member) => this.#following.saysRemoved(member.nodeId))
    return claimant === undefined ? null : { by: claimant.nodeId, proved: false }
  }

  onChange(listener: () => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  // -------------------------------------------------------------- what people do

  async create(poolName = ''): Promise<void> {
    await this.#exclusively(async () => {
      if (this.#pool !== null) throw alreadyInPool()
      const { clock, random } = this.#options.ports
      const rows = new RowSet([signGenesis(this.#options.identity, clock.nowMs(), random.bytes(16))])
      const pool = this.#ownPool(rows, { poolId: poolIdOf(rows.genesis), poolSecret: random.bytes(32), epochs: [] })
      const epoch = await pool.signEpoch()
      pool.rows.merge([epoch], this.#store, () => {
        this.#store.setPool({ genesis: rows.genesis, name: poolName })
        this.#store.addRows(rows.rows())
      })
      this.#enter(pool)
    })
  }

  async invite(): Promise<Invite> {
    const pool = this.#memberPool()
    if (pool.self?.role !== 'full') throw new EngineError('not-a-full-member', 'this machine may not invite others')
    return this.#invites.open(pool.keyring.poolHint)
  }

  requireNoPool(): void {
    if (this.#pool !== null && this.removal() === null) throw alreadyInPool()
  }

  async join(code: string, addresses: readonly string[]): Promise<void> {
    await this.#exclusively(async () => {
      this.requireNoPool()
      const invite = readInviteCode(code)
      const { clock, random, transport } = this.#options.ports
      const { certificate } = this.#options.identity
      await joinAtOneOf(addresses, async (address, proved) => {
        const wire = await transport.dial(address, 'pair', {})
        await pairAsJoiner(wire, { clock, random, certificate }, invite, async (welcome, inviter) => {
          proved()
          await this.#adopt(welcome, inviter, address)
        })
      })
    })
  }

  async leave(): Promise<void> {
    await this.#exclusively(async () => {
      const pool = this.#anyPool()
      if (pool.self !== undefined && pool.rows.judged.members.length > 1) {
        const delivery = this.#commit(pool, [pool.signRemoval(this.#self)])
        await this.#following.oneArrived(delivery)
      }
      await this.#forget()
    })
  }

  async remove(nodeId: NodeId): Promise<void> {
    await this.#exclusively(async () => {
      const pool = this.#memberPool()
      if (nodeId === this.#self) {
        throw new EngineError('self', 'a machine cannot remove itself', { hint: 'Leave the pool instead.' })
      }
      if (!pool.rows.judged.byNode.has(nodeId)) throw new EngineError('no-such-node', `no member has the id ${nodeId}`)
      const rows = await signWhileNothingChanges(pool, async () => {
        const removal = pool.signRemoval(nodeId)
        if (pool.rows.judgedWith([removal]).byNode.has(nodeId)) {
          throw new EngineError(
            'conflict',
            `this machine cannot remove ${nodeId}: an earlier member has decided otherwise`,
          )
        }
        const isSafe = safeEpochs(pool.rows.judgedWith([removal])).length > 0
        return isSafe ? [removal] : [removal, await pool.signEpoch([removal])]
      })
      this.#commit(pool, rows)
    })
  }

  // -------------------------------------------------------------- the handshake

  admission(): Uint8Array {
    return encodeAdmission(this.#pool?.rows ?? null, this.#pool?.ownAdmission ?? null)
  }

  async judge(
    remote: { readonly nodeId: NodeId; readonly certificate: Uint8Array },
    admission: Uint8Array,
  ): Promise<void> {
    const { genesis, rows } = decodeAdmission(admission)
    const pool = this.#pool
    if (pool === null || genesis !== pool.rows.genesis) {
      const which = pool === null ? 'this machine is in no pool' : 'the two machines are in different pools'
      throw new EngineError('other-pool', which, { hint: 'A machine can be in one pool: leave one to join the other.' })
    }
    if (nodeIdOfCertificate(remote.certificate) !== remote.nodeId) {
      throw new EngineError('wrong-identity', 'the certificate belongs to another node')
    }
    await this.#merge(rows, remote.nodeId)
    if (pool.self === undefined) {
      throw new EngineError('not-a-member', 'the machine that was reached is itself no member of the pool any more')
    }
    const { byNode, former } = pool.rows.judged
    if (byNode.has(remote.nodeId)) return
    if (former.has(remote.nodeId)) throw removedError()
    throw new EngineError('not-a-member', `the machine ${remote.nodeId} is no member of this pool`, {
      hint: 'Let it join with an invite code.',
    })
  }

  // -------------------------------------------------------------- the network

  attach(network: PeerNetwork): Disposable {
    return this.#following.attach(network)
  }

  synced(nodeId: NodeId): Promise<boolean> {
    return this.#following.synced(nodeId)
  }

  close(): void {
    this.#store.close()
  }

  async #merge(rows: readonly MemberRow[], from: NodeId): Promise<void> {
    const pool = this.#anyPool()
    const added = pool.rows.merge(rows, this.#store)
    if (added.length > 0) this.#changed(added, from)
    if (added.some((row) => row.kind === 'epoch')) {
      await pool.openEpochs()
      if (pool.unknownEpochs().length > 0) this.#following.askForSecrets()
    }
  }

  #sealSecrets(epochs: readonly EpochId[], to: NodeId): { readonly id: EpochId; readonly sealed: Buffer }[] {
    const member = this.member(to)
    if (member?.role !== 'full') return []
    return epochs.flatMap((id) => {
      const secret = this.#pool?.secretOf(id)
      return secret === undefined
        ? []
        : [{ id, sealed: sealTo(member.certificate, secret, this.#options.ports.random) }]
    })
  }

  /** Makes an epoch if it is this node's turn. */
  async #makeEpoch(): Promise<void> {
    await this.#exclusively(async () => {
      const pool = this.#pool
      if (pool === null) return
      const due = () => shouldRotate(pool.rows.judged, this.#self, this.#following.live())
      if (!due()) return
      const rows = await signWhileNothingChanges(pool, async () => (due() ? [await pool.signEpoch()] : []))
      this.#commit(pool, rows)
    })
  }

  #answer(wire: Wire): void {
    const { clock, random } = this.#options.ports
    const { certificate } = this.#options.identity
    const desk: InviteDesk = {
      attempt: () => this.#invites.attempt(),
      keyOf: (tag) => this.#invites.keyOf(tag),
      countFailure: (tag) => this.#invites.countFailure(tag),
      admit: (tag, joiner) => this.#exclusively(async () => this.#admit(tag, joiner)),
    }
    answerPairing(wire, { clock, random, certificate }, desk).catch((error: unknown) => {
      // What went wrong with the joiner is the joiner's to hear, and it has been told.
      if (!isEngineError(error)) this.#options.fault(error)
    })
  }

  #admit(tag: Buffer, joiner: Joiner): Welcome {
    const pool = this.#memberPool()
    const { judged } = pool.rows
    const use = this.#invites.check(tag, joiner.nodeId)
    const isMember = judged.byNode.has(joiner.nodeId)
    if (use === 'again' && !isMember) throw refusalFor('invite-used')
    if (!isMember && judged.members.length >= limits.membersPerPool) throw refusalFor('pool-full')
    const lifts = judged.removals.filter((row) => row.target === joiner.nodeId).map((row) => row.hash)
    const { certificate } = joiner
    const rows = isMember ? [] : [pool.sign({ kind: 'admit', certificate, role: 'full', lifts })]
    const spend = () => this.#store.spendInvite(tag, joiner.nodeId)
    this.#commit(pool, rows, use === 'first' ? spend : undefined)
    const name = this.#options.poolName?.() ?? this.poolName ?? ''
    return makeWelcome(pool, name.slice(0, limits.poolNameMaxBytes))
  }

  // -------------------------------------------------------------- changes of state

  /** Signed here: durable, told and handed on. */
  #commit(pool: OwnPool, rows: readonly MemberRow[], also?: () => void): Delivery {
    const added = pool.rows.merge(rows, this.#store, also)
    return added.length > 0 ? this.#changed(added) : { arrivals: [] }
  }

  #changed(added: readonly MemberRow[], from?: NodeId): Delivery {
    const delivery = this.#following.push(added, from)
    this.addresses.prune()
    this.#following.follow()
    this.#tell()
    return delivery
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener()
  }

  /** Makes durable what an inviter gave, and enters its pool. */
  async #adopt(welcome: Welcome, inviter: NodeId, address: string): Promise<void> {
    const { rows, secrets } = readWelcome(welcome, this.#self, inviter)
    if (this.#pool !== null && this.#pool.rows.genesis !== rows.genesis) throw alreadyInPool()
    const known = new Set(secrets.epochs.map((epoch) => epoch.id))
    const earlier = this.#pool?.secrets.epochs.filter((epoch) => !known.has(epoch.id)) ?? []
    const all = { ...secrets, epochs: [...earlier, ...secrets.epochs] }
    await savePoolSecrets(this.#options.ports.disk, all)
    this.#store.transact(() => {
      this.#store.setPool({ genesis: rows.genesis, name: welcome.poolName })
      this.#store.addRows(rows.rows())
      // With the rest: a member that knew nobody's address after a crash would be alone.
      const workedAtMs = this.#options.ports.clock.nowMs()
      this.#store.setAddresses(inviter, [{ address, typed: false, workedAtMs }])
    })
    this.#enter(this.#ownPool(new RowSet(this.#store.rows()), all))
    this.addresses.worked(inviter, address)
  }

  #enter(pool: OwnPool): void {
    this.#pool = pool
    this.#following.follow()
    this.#tell()
  }

  /** The mark goes first: a crash after it leaves secrets that the next start forgets. */
  async #forget(): Promise<void> {
    this.#store.transact(() => this.#store.forget())
    const pool = this.#pool
    this.#pool = null
    this.addresses.prune()
    this.#following.follow()
    this.#tell()
    await pool?.retire()
    await forgetPoolSecrets(this.#options.ports.disk)
  }

  #ownPool(rows: RowSet, secrets: PoolSecrets): OwnPool {
    return new OwnPool({ ...this.#options.ports, identity: this.#options.identity }, rows, secrets)
  }

  #anyPool(): OwnPool {
    if (this.#pool === null) throw new EngineError('no-pool', 'this machine is in no pool')
    return this.#pool
  }

  #memberPool(): OwnPool {
    const pool = this.#anyPool()
    if (pool.self === undefined) throw removedError()
    return pool
  }

  async #exclusively<T>(work: () => Promise<T>): Promise<T> {
    const release = await this.#turn.take(1)
    try {
      return await work()
    } finally {
      release()
    }
  }
}

/** Signs again if rows of others came in while a secret was written: what was signed would not name them. */
async function signWhileNothingChanges(pool: OwnPool, sign: () => Promise<MemberRow[]>): Promise<MemberRow[]> {
  for (;;) {
    const { judged } = pool.rows
    const rows = await sign()
    if (pool.rows.judged === judged) return rows
  }
}

function alreadyInPool(): EngineError {
  return new EngineError('already-in-pool', 'this machine is in a pool already', {
    hint: 'Leave that pool first; a code that was not used up works for 10 minutes.',
  })
}
