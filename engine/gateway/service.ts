/**
 * What the gateway asks of the engine: one method per operation of the API, in the API's own types, with bytes as
 * streams. The gateway knows HTTP and nothing of pools; the engine knows pools and nothing of HTTP.
 *
 * Paths are decoded, checked names from the root; [] is the root. Inputs are validated. Expected failures are
 * EngineErrors whose code has a line in shared/errors.ts (`no-pool`, `not-found`, `wrong-kind`, `exists`, `cycle`,
 * `confirm-needed` with facts {confirm, entries, bytes}, `precondition-failed`, `disk-full`, `quota-full`, ...).
 * Methods marked `?` are routed only where the engine has them; without, the API answers 404.
 */
import type { EngineError } from '../base/error.ts'
import type {
  Activity,
  Conditions,
  Discovered,
  DoctorCheck,
  Entry,
  EntryPatch,
  FolderQuery,
  Health,
  ImportAnswer,
  ImportRequest,
  Invite,
  LinkedFolder,
  LinkPatch,
  LinkRequest,
  Node,
  NodePatch,
  Page,
  PageQuery,
  Pairing,
  Pool,
  PoolCreate,
  PoolJoin,
  FolderContents,
  ReplicaHolder,
  SearchQuery,
  LogLine,
  Secrets,
  SecretsChange,
  Settings,
  SettingsPatch,
  SettleRequest,
  Transfer,
  TransferPage,
  TrashItem,
  Version,
  WhatIf,
} from '../../shared/index.ts'

export interface PutOptions {
  /** `If-None-Match: *`: only if nothing is there; else `precondition-failed`. */
  readonly ifNoneMatch?: true
  /** `If-Match`: only if the current version is one of these, or if any is for `*`; else `precondition-failed`. */
  readonly ifMatch?: '*' | readonly string[]
  /** The content's own modification time, ms since 1970; the time of the write if missing. */
  readonly modifiedMs?: number
  /** Wait until the wanted copies exist and every online member has the rows, at most `waitMs`. */
  readonly wait?: 'all'
  readonly waitMs?: number
  /** Known length of the content, if the client said so; a hint for refusing early. */
  readonly sizeBytes?: number
  /** Aborted when the client goes away; nothing may stay behind then. */
  readonly signal: AbortSignal
}

/** One of many small files that are stored together. */
export interface SmallFile {
  readonly path: readonly string[]
  readonly bytes: Uint8Array
  readonly modifiedMs?: number
}

/** What became of one of them. */
export type SmallFileStored =
  | { readonly id: string; readonly version: string; readonly created: boolean; readonly durable: number }
  | { readonly error: EngineError }

/** A file opened at one version: what it is, and its bytes as often as wanted. */
export interface OpenFile {
  readonly entry: Entry
  readonly version: string
  readonly sizeBytes: number
  readonly modifiedMs: number
  /**
   * The bytes from `from` up to, not including, `to`, 0 <= from <= to <= sizeBytes. Each part stays unchanged after
   * it was given: it waits in the socket's queue for an unknown time.
   */
  read(from: number, to: number, signal: AbortSignal): AsyncIterable<Uint8Array>
  /** Gives a part's memory back; call it when nothing refers to any of it any more, or never. */
  release?(part: Uint8Array): void
}

/**
 * That something changed; the gateway reads its present state only when a client listens, so notices are cheap and
 * several for one thing become one. `reset` says that too much changed to name.
 */
export type Notice =
  | { readonly type: 'entry'; readonly id: string }
  | { readonly type: 'node'; readonly id: string }
  | { readonly type: 'transfer'; readonly id: string }
  | { readonly type: 'health' }
  | { readonly type: 'activity'; readonly item: Activity }
  | { readonly type: 'reset' }

export interface Service {
  // The pool
  /** Null while in none. */
  pool(): Promise<Pool | null>
  /** `already-in-pool`. */
  createPool(request: PoolCreate): Promise<Pool>
  /** `no-pool`, `too-many-invites`. */
  invite(): Promise<Invite>
  /** `already-in-pool`, `bad-code`, `wrong-code`, `invite-used`, `invite-expired`, `unreachable`. */
  joinPool(request: PoolJoin): Promise<Pool>
  /** `last-copies` with facts {confirm, entries, bytes} while files lie here alone. */
  leavePool(options: { readonly confirm?: string }): Promise<void>
  discovered(query: PageQuery): Promise<Page<Discovered>>
  startPairing?(nodeId: string): Promise<Pairing>
  confirmPairing?(id: string): Promise<Pairing>
  rejectPairing?(id: string): Promise<Pairing>

  // Files and folders by path
  /** Resolves once acknowledged. If `source` throws or the signal aborts, nothing stays behind. `source` is read once, in parts of any size. */
  putFile(
    path: readonly string[],
    source: AsyncIterable<Uint8Array>,
    options: PutOptions,
  ): Promise<{ entry: Entry; created: boolean }>
  /**
   * The same with the bytes of a file of this computer, which the node reads itself: `source-unreadable`, `source-changed`. Its
   * modification time counts unless the options name one.
   */
  putLocalFile?(
    path: readonly string[],
    localPath: string,
    options: PutOptions,
  ): Promise<{ entry: Entry; created: boolean }>
  /** The same for many small files at once; each is stored or fails by itself, in order. */
  putFiles(files: readonly SmallFile[], options: { readonly signal: AbortSignal }): Promise<SmallFileStored[]>
  /** `not-found`, `wrong-kind`; with a version that the file does not have: `not-found`. */
  openFile(path: readonly string[], version?: string): Promise<OpenFile>
  deleteFile(
    path: readonly string[],
    options: { readonly confirm?: string; readonly ifMatch?: '*' | readonly string[] },
  ): Promise<void>
  listFolder(path: readonly string[], query: FolderQuery): Promise<Page<Entry>>
  /** Makes it and missing parents; one that exists is answered as it is. */
  putFolder(path: readonly string[]): Promise<{ entry: Entry; created: boolean }>
  deleteFolder(path: readonly string[], options: { readonly confirm?: string }): Promise<void>

  // Entries by id (or path)
  entryAt(path: readonly string[]): Promise<Entry>
  entry(id: string): Promise<Entry>
  patchEntry(id: string, patch: EntryPatch): Promise<Entry>
  copyEntry(id: string, path: readonly string[]): Promise<Entry>
  versions(id: string, query: PageQuery): Promise<Page<Version>>
  restoreVersion(id: string, version: string): Promise<Entry>
  settle?(id: string, request: SettleRequest): Promise<Entry>
  replicas(id: string, query: PageQuery): Promise<Page<ReplicaHolder>>
  /** Of folders only: `wrong-kind`. */
  folderContents?(id: string): Promise<FolderContents>
  search(query: SearchQuery): Promise<Page<Entry>>

  // The trash
  trash(query: PageQuery): Promise<Page<TrashItem>>
  restoreFromTrash(id: string): Promise<Entry>
  /** All of it, or one item. */
  emptyTrash?(id: string | null, options: { readonly confirm?: string }): Promise<void>

  // Machines
  nodes(query: PageQuery): Promise<Page<Node>>
  node(id: string): Promise<Node>
  patchNode(id: string, patch: NodePatch): Promise<Node>
  /** `self` for this node. */
  removeNode(id: string): Promise<void>
  /** `by` takes the place of the other. */
  replaceNode?(id: string, by: string): Promise<void>
  health(): Promise<Health>
  whatIf?(lost: readonly string[]): Promise<WhatIf>
  /** Ends a freeze on all machines. */
  resumeRepair?(): Promise<void>
  setConditions?(conditions: Conditions): Promise<void>
  doctor(): Promise<DoctorCheck[]>
  /** What the node noted beside its work, newest first. */
  log?(query: PageQuery): Promise<Page<LogLine>>
  secrets?(): Promise<Secrets>
  /** `no-keychain`. */
  protectSecrets?(change: SecretsChange): Promise<Secrets>

  // Work and settings
  /** `not-found`, `bad-path`, `source-unreadable`, `too-many`. */
  startImport?(request: ImportRequest): Promise<ImportAnswer>
  transfers?(query: PageQuery): Promise<TransferPage>
  transfer?(id: string): Promise<Transfer>
  /** `not-found`; `conflict` where its state does not allow it. */
  steerTransfer?(id: string, action: 'pause' | 'resume' | 'cancel' | 'retry'): Promise<Transfer>
  /** One that has ended, or all of those; the files stay. `not-found`, `conflict`. */
  forgetTransfers?(id: string | null): Promise<void>
  linkedFolders?(query: PageQuery): Promise<Page<LinkedFolder>>
  /** `bad-path`, `not-found`, `wrong-kind`, `exists`, `source-unreadable`, `too-many`. */
  linkFolder?(request: LinkRequest): Promise<LinkedFolder>
  changeLinkedFolder?(id: string, patch: LinkPatch): Promise<LinkedFolder>
  unlinkFolder?(id: string): Promise<void>
  settings?(): Promise<Settings>
  patchSettings?(patch: SettingsPatch): Promise<Settings>
  activity?(query: PageQuery): Promise<Page<Activity>>
  scrub?(): Promise<void>
  /** Prometheus text. */
  metrics?(): Promise<string>

  /** One listener; called in the order of changes, never after disposal. It only takes a note and returns. */
  subscribe(listener: (notice: Notice) => void): Disposable
}
