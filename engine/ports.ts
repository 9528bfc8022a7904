/**
 * The ports: every source of nondeterminism that the engine has. Time, chance, disks, database files, the network and
 * threads come in here and nowhere else, so that a whole pool runs in one process under a seed and virtual time.
 * platform/ implements them for real machines, sim/ for simulations; engine code sees only these interfaces.
 */
import type { ChunkId, NodeId } from './base/ids.ts'

// ---------------------------------------------------------------- time and chance

export interface Clock {
  /** Wall clock, milliseconds since 1970 UTC. May jump. */
  nowMs(): number
  /** Never goes back; only differences mean anything. */
  monotonicMs(): number
  /** Resolves after `delayMs`; rejects with the signal's reason when aborted. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>
  /** Calls `fire` once after `delayMs`; disposing the answer cancels it. */
  timer(delayMs: number, fire: () => void): Disposable
  /** Resolves after the events that are pending now: the moment at which a group commit closes. */
  soon(): Promise<void>
}

export interface Random {
  bytes(count: number): Buffer
  /** Uniform in [0, 1). */
  fraction(): number
}

// ---------------------------------------------------------------- disk

/** Files of one data folder. Paths are relative, with `/`, and never leave the folder. Missing files: EngineError `no-file`; a full disk: `disk-full`. */
export interface Disk {
  read(path: string): Promise<Buffer>
  /** Temporary name, fsync, rename, fsync of the folder; folders are made. `data` may lie in shared memory. */
  writeDurable(path: string, data: Uint8Array, options?: { readonly mode?: number }): Promise<void>
  /** The same without the fsyncs. */
  write(path: string, data: Uint8Array, options?: { readonly mode?: number }): Promise<void>
  /** Durable when it resolves: what was removed does not come back. */
  remove(path: string): Promise<void>
  /** Names of files and folders in a folder, sorted; none if it does not exist. */
  list(path: string): Promise<string[]>
  sizeBytes(path: string): Promise<number>
  /** Free bytes of the volume that holds the data folder. */
  freeBytes(): Promise<number>
  /** Opens (makes) an SQLite database file in the folder. */
  openDatabase(path: string): Database
}

/** A file of this computer, outside the data folder, that is being read in. */
export interface LocalFile extends AsyncDisposable {
  readonly sizeBytes: number
  /** Whole milliseconds since 1970. */
  readonly modifiedMs: number
  /** Puts the next bytes into `target`, 0 at the end. Throws `source-changed` instead of giving the last ones of a torn file. */
  read(target: Uint8Array): Promise<number>
}

/** What stands at a path of this computer, links followed. */
export interface LocalFacts {
  /** `own`: the data folder of this node. `other`: pipes, sockets, devices. */
  readonly kind: 'file' | 'folder' | 'own' | 'other'
  readonly sizeBytes: number
  /** Whole milliseconds since 1970. */
  readonly modifiedMs: number
  /** Device, file number and birth: stays when the file is renamed, and is not taken by the next one. */
  readonly fileId: string
  /** What was said is of what a link at this path leads to. */
  readonly isLink: boolean
}

/** A name in a folder. `unreadable`: not Unicode text. */
export interface LocalChild {
  readonly name: string
  readonly kind: 'file' | 'folder' | 'link' | 'other' | 'unreadable'
}

/** Paths below the folder, with `/`, that may have changed; `lost`: anything may have. */
export type LocalWatch = (changed: readonly string[] | 'lost') => void

export interface LocalFiles {
  /** Throws `source-unreadable`. */
  open(path: string): Promise<LocalFile>
  /** Undefined if nothing is there, or a link that leads nowhere. Throws `source-unreadable`. */
  look(path: string): Promise<LocalFacts | undefined>
  /** What a folder holds, in no order, some hundred names at a time. Throws `source-unreadable`. */
  children(path: string): AsyncIterable<readonly LocalChild[]>
  /** Hears of changes below a folder until disposed; a hint only. Throws `watch-unavailable`. */
  watch(path: string, heard: LocalWatch): Promise<AsyncDisposable>
}

export type SqlValue = string | number | bigint | null | Uint8Array

/** One prepared statement. Rows are plain objects keyed by column; integers are numbers unless `bigints()` was called. */
export interface Statement {
  run(...values: SqlValue[]): { changes: number }
  get<R = Record<string, SqlValue>>(...values: SqlValue[]): R | undefined
  all<R = Record<string, SqlValue>>(...values: SqlValue[]): R[]
  iterate<R = Record<string, SqlValue>>(...values: SqlValue[]): IterableIterator<R>
  /** The first column only. */
  pluck(): Statement
  /** Integers as bigint. */
  bigints(): Statement
}

/** The SQL database as the engine uses it (today better-sqlite3): synchronous, WAL, synchronous=FULL, STRICT tables. */
export interface Database {
  prepare(sql: string): Statement
  exec(sql: string): void
  /** Registers a deterministic SQL function. */
  define(name: string, call: (...values: never[]) => SqlValue): void
  close(): void
}

// ---------------------------------------------------------------- network

/** What the two ends of a wire are for. */
export type WirePurpose = 'control' | 'data' | 'pair'

/** The proved identity at the other end: TLS has shown that it holds the key of this certificate. */
export interface RemoteIdentity {
  readonly nodeId: NodeId
  /** The certificate, DER. */
  readonly certificate: Uint8Array
  /** host:port as seen from here; for people and for remembering. */
  readonly address: string
}

/** One message-preserving, ordered, encrypted connection. */
export interface Wire {
  readonly remote: RemoteIdentity
  readonly purpose: WirePurpose
  /** True at the end that dialled. */
  readonly dialled: boolean
  /** Sends one message; memory may be shared but must not change until `drained`. */
  send(message: Uint8Array): void
  readonly bufferedBytes: number
  /** Resolves when little enough is buffered that sending more makes sense; rejects when the wire is closed. */
  drained(): Promise<void>
  /** One listener; messages that come before it is set are kept. */
  onMessage(listener: (message: Buffer) => void): void
  /**
   * The next message, if it is exactly as long as `target`, is written straight into it and handed over as `target`; any
   * other comes as always. Only an offer, which saves bulk a copy: a transport may leave it out or not keep it.
   */
  nextInto?(target: Buffer): void
  /** One listener; called once, also if the wire is already closed. */
  onClose(listener: (reason: string) => void): void
  close(reason: string): void
}

export interface Listening {
  readonly port: number
  /** host:port under which others may reach this node, most likely first. */
  addresses(): string[]
  close(): Promise<void>
}

export interface Transport {
  listen(options: { readonly host?: string; readonly port?: number }, onWire: (wire: Wire) => void): Promise<Listening>
  /** Dials `host:port`. With `expect`, any other identity fails `wrong-identity`. Other errors: `unreachable`, `not-tls`. */
  dial(
    address: string,
    purpose: WirePurpose,
    options: { readonly expect?: NodeId; readonly signal?: AbortSignal },
  ): Promise<Wire>
}

/** What a node says of itself on the local network. A hint only: nothing is trusted that came this way. */
export interface Announcement {
  readonly nodeId: NodeId
  readonly name: string
  /** Keyed fingerprint of the pool, 16 hexadecimal digits, or null while in none. */
  readonly poolHint: string | null
  readonly protocol: number
  readonly port: number
  /** Grows when the node's addresses change. */
  readonly addressEpoch: number
}

export interface Sighting extends Announcement {
  /** host:port, most likely first. */
  readonly addresses: string[]
}

export interface Discovery {
  /** Announces and listens until stopped; `seen` is called at each sighting, `gone` when one expires or says goodbye. */
  start(announcement: Announcement, seen: (sighting: Sighting) => void, gone: (nodeId: NodeId) => void): Promise<void>
  update(announcement: Announcement): void
  /** Asks again now: after wake or an interface change. */
  refresh(): void
  stop(): Promise<void>
  /** Why discovery does not work here, in words for `hadahoop doctor`; empty when all is well. */
  problems(): string[]
}

// ---------------------------------------------------------------- compute

/** How a piece lies in its content and what is needed to open its chunk. */
export interface ChunkReference {
  readonly chunkId: ChunkId
  /** Sealed bytes. */
  readonly sizeBytes: number
  /** Plain bytes. */
  readonly pieceBytes: number
  /** 32 bytes; opens this chunk only. */
  readonly key: Buffer
  /** Keyed BLAKE3 of the piece, 32 bytes. */
  readonly pieceHash: Buffer
}

export interface SealedPiece {
  readonly reference: ChunkReference
  /** Sealed bytes; null when `known` answered for this piece. Valid until `release`. */
  readonly sealed: Uint8Array | null
  /** Gives the memory back; must be called exactly once. */
  release(): void
}

export interface SealOptions {
  readonly dedupKey: Buffer
  readonly sealKey: Buffer
  /** The deduplication look-up: the reference under which this piece is already stored in the pool, if any. */
  known(pieceHash: Buffer): ChunkReference | undefined
  readonly signal?: AbortSignal
}

/** The processor-bound work: in worker threads on real machines, inline in simulations. */
export interface Compute {
  /** Cuts, looks up, compresses, seals, hashes and re-checks a content; pieces come in order; memory is bounded. */
  seal(source: AsyncIterable<Uint8Array>, options: SealOptions): AsyncIterable<SealedPiece>
  /** The same for a content that can be read straight into memory: `read` puts 1 to `target.length` bytes there, 0 at the end. */
  sealFrom(read: (target: Uint8Array) => Promise<number>, options: SealOptions): AsyncIterable<SealedPiece>
  /**
   * Opens and decompresses one chunk; throws `damaged` if tag or length are wrong. `own`: the caller gives `sealed` away, which
   * must not be touched again; opening large chunks then copies nothing.
   */
  open(sealed: Uint8Array, reference: ChunkReference, options?: { readonly own?: boolean }): Promise<Uint8Array>
  stop(): Promise<void>
}

export interface Ports {
  readonly clock: Clock
  readonly random: Random
  readonly disk: Disk
  readonly transport: Transport
  readonly discovery: Discovery
  readonly compute: Compute
}
