/**
 * The invites that this node gave out: at most limits.invitesOpen open at once, each for ten minutes and one joiner. A spent
 * invite belongs to the joiner that spent it, which may use it again until it expires: a connection that breaks after the
 * spending costs nobody anything. Time is the wall clock's, since invites outlive a restart; while the process lives the
 * monotonic clock must agree, so that setting the clock back lengthens nothing.
 */
import type { NodeId } from '../base/ids.ts'
import { EngineError } from '../base/error.ts'
import { limits } from '../limits.ts'
import type { Clock, Random } from '../ports.ts'
import { drawInviteCode, readInviteCode } from './inviteCode.ts'
import { refusalFor } from './refusals.ts'
import type { MemberStore, StoredInvite } from './store.ts'
import type { Invite } from './types.ts'

export class Invites {
  readonly #store: MemberStore
  readonly #clock: Clock
  readonly #random: Random
  /** Of this process's own invites: when they end by the monotonic clock. */
  readonly #endsAtMs = new Map<string, number>()
  /** Monotonic times of the last pairing attempts. */
  #attemptsMs: number[] = []

  constructor(store: MemberStore, clock: Clock, random: Random) {
    this.#store = store
    this.#clock = clock
    this.#random = random
  }

  /** Gives out a new one, durable when this returns. Throws `too-many-invites`. */
  open(poolHint: string): Invite {
    const open = this.#store.invites().filter((invite) => invite.spentBy === null && this.#isAlive(invite))
    if (open.length >= limits.invitesOpen) {
      throw new EngineError('too-many-invites', `${open.length} invites are open`, {
        hint: 'Use one of them, or wait until they expire.',
        retryable: true,
      })
    }
    const code = drawInviteCode(poolHint, this.#random)
    const { key, tag } = readInviteCode(code)
    const createdAtMs = this.#clock.nowMs()
    const expiresAtMs = createdAtMs + limits.inviteLifetimeMs
    this.#store.transact(() => this.#store.addInvite({ tag, key, createdAtMs, expiresAtMs }))
    for (const name of this.#endsAtMs.keys()) {
      if (this.#store.invite(Buffer.from(name, 'hex')) === undefined) this.#endsAtMs.delete(name)
    }
    this.#endsAtMs.set(tag.toString('hex'), this.#clock.monotonicMs() + limits.inviteLifetimeMs)
    return { code, expiresAtMs }
  }

  /** Counts an attempt to pair; false if there were too many within a minute. */
  attempt(): boolean {
    const nowMs = this.#clock.monotonicMs()
    this.#attemptsMs = this.#attemptsMs.filter((atMs) => nowMs - atMs < 60_000)
    if (this.#attemptsMs.length >= limits.pairingAttemptsPerMinute) return false
    this.#attemptsMs.push(nowMs)
    return true
  }

  keyOf(tag: Buffer): Buffer | undefined {
    return this.#store.invite(tag)?.key
  }

  countFailure(tag: Buffer): void {
    this.#store.transact(() => this.#store.countFailure(tag))
  }

  /** Whether the joiner, which proved the invite, may use it: for the first time or again. Throws `invite-used`, `invite-expired`. */
  check(tag: Buffer, joiner: NodeId): 'first' | 'again' {
    const invite = this.#store.invite(tag)
    if (invite === undefined) throw refusalFor('wrong-code')
    if (invite.spentBy !== null && invite.spentBy !== joiner) throw refusalFor('invite-used')
    if (!this.#isAlive(invite)) throw refusalFor('invite-expired')
    return invite.spentBy === null ? 'first' : 'again'
  }

  #isAlive(invite: StoredInvite): boolean {
    const nowMs = this.#clock.nowMs()
    const endsAtMs = this.#endsAtMs.get(invite.tag.toString('hex'))
    return (
      invite.createdAtMs <= nowMs &&
      nowMs < invite.expiresAtMs &&
      (endsAtMs === undefined || this.#clock.monotonicMs() < endsAtMs) &&
      invite.failures < limits.pairingProofsPerInvite
    )
  }
}
