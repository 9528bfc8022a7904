/**
 * The exchange of member rows with connected peers: as soon as two are connected each asks the other for the rows that it
 * lacks and hands over what the other lacks, before anything else is worth saying; later rows are handed on at once, and so
 * reach everyone who is reachable. One message to a peer at a time, rows in the order in which they came, so that a peer
 * never has a row without what it rests on. Whatever fails is made good by comparing hashes again.
 */
import { z } from 'zod'
import { type Deferred, deferred } from '../base/async.ts'
import { bytesOf, hexOf } from '../base/bytes.ts'
import { isEngineError } from '../base/error.ts'
import type { EpochId, NodeId } from '../base/ids.ts'
import type { EpochSecret } from '../identity/index.ts'
import { limits } from '../limits.ts'
import { defineMessage, type Peer, type PeerNetwork } from '../net/index.ts'
import type { Clock } from '../ports.ts'
import { batchesOf } from './batches.ts'
import { decodeRow, encodeRow, type MemberRow, type RowHash } from './memberRow.ts'
import type { RowSet } from './rowSet.ts'

const bytes = (check: (length: number) => boolean) =>
  z.custom<Uint8Array>((value) => value instanceof Uint8Array && check(value.length))
const packedHashes = bytes((length) => length % 32 === 0 && length <= limits.memberRowsPerPool * 32)
const rows = z.array(bytes((length) => length <= limits.memberRowMaxBytes)).max(limits.memberRowsPerPool)

/** All hashes of the asker, 32 bytes each; the answer has rows that it lacks, whether there are more, and what the answerer lacks. */
const syncMembers = defineMessage(
  'members.sync',
  'control',
  z.object({ hashes: packedHashes }),
  z.object({ rows, more: z.boolean(), wanted: packedHashes }),
)

/** Rows that may be new to the receiver; answered once they are durable there. */
const pushMembers = defineMessage('members.push', 'control', z.object({ rows }), z.object({}))

/** Asks a full member for the secrets of epochs (16 bytes each) that were not sealed to the asker; answered sealed to its certificate. */
const fetchSecrets = defineMessage(
  'members.secrets',
  'control',
  z.object({ epochs: bytes((length) => length % 16 === 0 && length <= limits.secretsPerFetch * 16) }),
  z.object({
    secrets: z
      .array(z.tuple([bytes((length) => length === 16), bytes((length) => length <= limits.sealedSecretMaxBytes)]))
      .max(limits.secretsPerFetch),
  }),
)

/** What the exchange works on. */
export interface ExchangeHost {
  /** Null while in no pool. */
  rows(): RowSet | null
  /** Verifies and commits rows and acts on the new ones. Throws `bad-row`, `disk-full`. */
  merge(rows: readonly MemberRow[], from: NodeId): Promise<void>
  /** Epochs whose rows are here and whose secrets are not. */
  unknownEpochs(): EpochId[]
  /** Secrets sealed to the node, if it is a full member; those known here. */
  sealSecrets(epochs: readonly EpochId[], to: NodeId): { readonly id: EpochId; readonly sealed: Buffer }[]
  unseal(sealed: Uint8Array): Buffer
  learn(secrets: readonly EpochSecret[]): Promise<void>
  /** Of what no peer may cause. */
  fault(error: unknown): void
}

/** What becomes of rows that were handed to peers: for each peer, whether they became durable there. Never rejects. */
export interface Delivery {
  readonly arrivals: readonly Promise<boolean>[]
}

export class Exchange {
  readonly #host: ExchangeHost
  readonly #clock: Clock
  readonly #links = new Map<NodeId, Link>()

  constructor(host: ExchangeHost, clock: Clock, network: PeerNetwork) {
    this.#host = host
    this.#clock = clock
    network.handle(syncMembers, async ({ hashes }) => this.#answerSync(hashes))
    network.handle(pushMembers, async (body, { peer }) => {
      await host.merge(body.rows.map(decodeRow), peer.nodeId)
      return {}
    })
    network.handle(fetchSecrets, async ({ epochs }, { peer }) => ({
      secrets: host
        .sealSecrets(unpack<EpochId>(epochs, 16), peer.nodeId)
        .map(({ id, sealed }): [Buffer, Buffer] => [bytesOf(id), sealed]),
    }))
  }

  connected(peer: Peer): void {
    this.#links.get(peer.nodeId)?.close()
    const link = new Link(this.#host, this.#clock, peer)
    this.#links.set(peer.nodeId, link)
    link.run().catch((error: unknown) => this.#host.fault(error))
  }

  disconnected(node: NodeId): void {
    this.#links.get(node)?.close()
    this.#links.delete(node)
  }

  /** Hands rows to all connected peers but `except`. */
  push(rows: readonly MemberRow[], except?: NodeId): Delivery {
    const links = [...this.#links.values()].filter((link) => link.node !== except)
    return { arrivals: links.map((link) => link.push(rows)) }
  }

  /** Secrets are missing: asks the connected peers. */
  askForSecrets(): void {
    this.push([])
  }

  /** Resolves once all that was pushed to the node is durable there, or it is gone. */
  async flushed(node: NodeId): Promise<boolean> {
    return (await this.#links.get(node)?.push([])) ?? false
  }

  /** Resolves to true once the rows of both are equal, to false if the node is not connected any more. */
  async synced(node: NodeId): Promise<boolean> {
    return (await this.#links.get(node)?.synced) ?? false
  }

  close(): void {
    for (const node of [...this.#links.keys()]) this.disconnected(node)
  }

  #answerSync(hashes: Uint8Array): { rows: Uint8Array[]; more: boolean; wanted: Buffer } {
    const set = this.#host.rows()
    if (set === null) return { rows: [], more: false, wanted: Buffer.alloc(0) }
    const theirs = unpack<RowHash>(hashes, 32)
    const known = new Set(theirs)
    const missing = batchesOf(set.encoded((row) => !known.has(row.hash)))
    const wanted = theirs.filter((hash) => !set.has(hash))
    return { rows: missing[0] ?? [], more: missing.length > 1, wanted: bytesOf(wanted.join('')) }
  }
}

interface Pending {
  readonly rows: readonly MemberRow[]
  readonly arrived: Deferred<boolean>
}

/** The exchange with one connected peer. */
class Link {
  readonly node: NodeId
  readonly #host: ExchangeHost
  readonly #clock: Clock
  readonly #peer: Peer
  readonly #gone = new AbortController()
  readonly #synced = deferred<boolean>()
  #queue: Pending[] = []
  #wake = deferred<void>()

  constructor(host: ExchangeHost, clock: Clock, peer: Peer) {
    this.node = peer.nodeId
    this.#host = host
    this.#clock = clock
    this.#peer = peer
  }

  get synced(): Promise<boolean> {
    return this.#synced.promise
  }

  push(rows: readonly MemberRow[]): Promise<boolean> {
    const arrived = deferred<boolean>()
    if (this.#gone.signal.aborted) arrived.resolve(false)
    else {
      this.#queue.push({ rows, arrived })
      this.#wake.resolve()
    }
    return arrived.promise
  }

  close(): void {
    this.#gone.abort()
    this.#synced.resolve(false)
    for (const { arrived } of this.#queue) arrived.resolve(false)
    this.#queue = []
    this.#wake.resolve()
  }

  async run(): Promise<void> {
    while (!this.#gone.signal.aborted) {
      try {
        await this.#sync()
        this.#synced.resolve(true)
        await this.#handOn()
      } catch (error) {
        if (!isEngineError(error)) throw error
        // Refused, timed out or cut off: compare again later, if it is still there.
        await this.#pause()
      }
    }
  }

  async #handOn(): Promise<void> {
    while (!this.#gone.signal.aborted) {
      if (this.#queue.length === 0) {
        this.#wake = deferred()
        await this.#wake.promise
        continue
      }
      const taken = [...this.#queue]
      await this.#send(taken.flatMap((pending) => pending.rows).map(encodeRow))
      this.#queue = this.#queue.filter((pending) => !taken.includes(pending))
      for (const { arrived } of taken) arrived.resolve(true)
      await this.#askForSecrets()
    }
  }

  async #sync(): Promise<void> {
    for (let more = true; more && !this.#gone.signal.aborted; ) {
      const set = this.#host.rows()
      if (set === null) return
      const hashes = set.hashes()
      const { body } = await this.#peer.request(syncMembers, { hashes: bytesOf(hashes.join('')) })
      await this.#host.merge(body.rows.map(decodeRow), this.node)
      const wanted = new Set(unpack<RowHash>(body.wanted, 32))
      await this.#send(set.encoded((row) => wanted.has(row.hash)))
      // Rows that have no place here would be offered for ever.
      more = body.more && set.hashes().length > hashes.length
    }
    await this.#askForSecrets()
  }

  async #send(rows: readonly Uint8Array[]): Promise<void> {
    for (const batch of batchesOf(rows)) await this.#peer.request(pushMembers, { rows: batch })
  }

  async #askForSecrets(): Promise<void> {
    let last = Infinity
    for (;;) {
      const unknown = this.#host.unknownEpochs()
      // A peer that gives none of them does not have them.
      if (unknown.length === 0 || unknown.length >= last) return
      last = unknown.length
      const asked = unknown.slice(0, limits.secretsPerFetch)
      const { body } = await this.#peer.request(fetchSecrets, { epochs: bytesOf(asked.join('')) })
      await this.#host.learn(
        body.secrets.map(([id, sealed]) => ({ id: hexOf(id) as EpochId, secret: this.#host.unseal(sealed) })),
      )
    }
  }

  async #pause(): Promise<void> {
    const { signal } = this.#gone
    if (signal.aborted) return
    await new Promise<void>((resolve) => {
      const timer = this.#clock.timer(limits.memberSyncRetryMs, resolve)
      signal.addEventListener('abort', () => {
        timer[Symbol.dispose]()
        resolve()
      })
    })
  }
}

function unpack<Id extends string>(from: Uint8Array, idBytes: number): Id[] {
  const text = hexOf(from)
  const ids: Id[] = []
  for (let at = 0; at < text.length; at += 2 * idBytes) ids.push(text.slice(at, at + 2 * idBytes) as Id)
  return ids
}
