/**
 * The peer network as the rest of the engine sees it: members that are connected now, typed requests to them, and
 * typed handlers for theirs. Bodies are CBOR, checked by zod on both ends; payloads (chunks, batches of small chunks)
 * travel beside the body in frames on the data wire, under credits, so that heartbeats and catalog never wait for bulk.
 */
import type { z } from 'zod'
import type { NodeId } from '../base/ids.ts'
import type { Ports, Wire } from '../ports.ts'
import type { Traffic } from './traffic.ts'

/** A request's name and the shapes of its two bodies. `lane: 'data'` sends request and answer on the data wire. */
export interface Message<Request, Response> {
  readonly name: string
  readonly lane: 'control' | 'data'
  readonly request: z.ZodType<Request>
  readonly response: z.ZodType<Response>
}

export interface RequestOptions {
  /** Bytes sent beside the body (data lane only), up to `limits.chunkMaxBytes`; may lie in shared memory, unchanged until the answer. */
  readonly payload?: Uint8Array
  readonly signal?: AbortSignal
  /** Without any answer within this time the request fails `timeout` (default limits.requestTimeoutMs). */
  readonly timeoutMs?: number
}

export interface Answer<Response> {
  readonly body: Response
  readonly payload: Buffer | undefined
  /** As Incoming.release. */
  readonly release: () => void
}

/** A connected, admitted member. */
export interface Peer {
  readonly nodeId: NodeId
  /** host:port at which it can be dialled again: where we reached it, or its wire's host with the port it listens on. */
  readonly address: string
  /** True if we dialled it: then `address` is known to work from here. */
  readonly dialled: boolean
  /** The number that the peer drew at its start; a new one means that it restarted. */
  readonly startNumber: number
  /** Protocol version that both speak. */
  readonly protocol: number
  /** What it says it runs. */
  readonly software: string
  /** Its wall clock minus ours, milliseconds, at the last heartbeat. */
  readonly clockOffsetMs: number
  readonly roundTripMs: number
  /** Fails: `peer-gone`, `timeout`, or the EngineError that the peer's handler threw (code kept). */
  request<Req, Res>(message: Message<Req, Res>, body: Req, options?: RequestOptions): Promise<Answer<Res>>
}

export interface Incoming {
  readonly peer: Peer
  /** Owned by the handler; the sender's credit comes back when the handler's promise settles. */
  readonly payload: Buffer | undefined
  readonly signal: AbortSignal
  /**
   * Gives the payload's memory back for the next one: call it when nothing refers to any part of it any more, or never.
   * Fresh memory costs a busy node more than decryption does.
   */
  readonly release: () => void
}

export type Handler<Req, Res> = (body: Req, incoming: Incoming) => Promise<Res | PayloadAnswer<Res>>

export interface PayloadAnswer<Res> {
  readonly body: Res
  readonly payload: Uint8Array
  /** Called when the wire needs the payload no more; not if the answer was cancelled or the connection was lost. */
  readonly release?: () => void
}

/** The facts a heartbeat carries; small, sent every limits.heartbeatMs on the control wire. */
export interface Pulse {
  /** Sender's wall clock. */
  readonly nowMs: number
  /** Root fingerprint of its catalog, hexadecimal. */
  readonly catalogRoot: string
  /** Number of the last batch of its inventory since its start. */
  readonly inventorySequence: number
  readonly usedBytes: number
  readonly quotaBytes: number
  /** Set when it is about to sleep or stop: `away` follows. */
  readonly leaving: boolean
  /** It runs on battery or pays for its bytes: only what is at risk should come or go. */
  readonly careful?: boolean
}

/** What membership contributes to the handshake: net knows how to talk, not whom to trust. */
export interface Gatekeeper {
  /** Opaque admission facts sent in the hello (pool fingerprint, own member rows), at most limits.controlMessageMaxBytes / 2. */
  admission(): Uint8Array
  /** Judges a remote after its hello; throws EngineError (`other-pool`, `not-a-member`, `removed`) to refuse. May merge what the admission carries. */
  judge(remote: { readonly nodeId: NodeId; readonly certificate: Uint8Array }, admission: Uint8Array): Promise<void>
}

export interface PeerNetworkEvents {
  connected(peer: Peer): void
  disconnected(nodeId: NodeId, reason: string): void
  pulse(peer: Peer, pulse: Pulse): void
  /** This node's own loop stood still (the computer slept): what was not heard meanwhile means nothing. */
  woke(): void
}

export interface PeerNetwork {
  /** Listens and starts dialling. */
  start(): Promise<void>
  stop(): Promise<void>
  readonly port: number
  /** host:port under which this node can be reached, most likely first. */
  addresses(): string[]
  peers(): Peer[]
  peer(nodeId: NodeId): Peer | undefined
  /** What went to and came from a node in the last minutes; undefined if it was not connected. */
  traffic(nodeId: NodeId): Traffic | undefined
  handle<Req, Res>(message: Message<Req, Res>, handler: Handler<Req, Res>): void
  /** Members to stay connected with, and where they may be; replaces what was wanted before. */
  want(nodeId: NodeId, addresses: string[]): void
  unwant(nodeId: NodeId, reason: string): void
  /** Rebuilds all wires: after a wake or an interface change. */
  reset(reason: string): void
  on(events: Partial<PeerNetworkEvents>): Disposable
  /** The pulse to send; asked for at each beat. */
  setPulse(source: () => Omit<Pulse, 'nowMs'>): void
  /** Says to all peers, at once and in every beat, that this computer goes to sleep; or that it is awake again. */
  setAsleep(asleep: boolean): void
  /** Why the last attempt to connect with this node failed or was refused, here or there; undefined once connected. */
  lastProblem(nodeId: NodeId): Problem | undefined
  /** Wires of purpose `pair`, unadmitted: handed over as they come (membership's pairing answers them). */
  onPairingWire(listener: (wire: Wire) => void): void
}

/** Why two nodes are not connected, for `hadahoop doctor` and the UI. */
export interface Problem {
  /** `unreachable`, `wrong-identity`, `unknown-protocol`, `timeout`, `peer-gone`, or the gatekeeper's own code. */
  readonly code: string
  readonly message: string
  readonly hint: string | undefined
  /** Our wall clock. */
  readonly atMs: number
  /** Who found the fault. */
  readonly refusedBy: 'us' | 'peer'
}

export interface PeerNetworkOptions {
  readonly ports: Pick<Ports, 'clock' | 'random' | 'transport'>
  readonly identity: { readonly nodeId: NodeId; readonly startNumber: number; readonly certificate: Uint8Array }
  readonly gatekeeper: Gatekeeper
  readonly listen: { readonly host?: string; readonly port?: number }
  /** What the hello says this node runs, at most 64 characters. */
  readonly software?: string
  /** Told of what no peer may cause: a handler or listener that throws something else than an EngineError. Default: it is thrown. */
  readonly fault?: (error: unknown, where: string) => void
  /** Protocols to speak; for tests of releases to come. */
  readonly protocol?: { readonly min: number; readonly max: number }
}
