/**
 * Writing a file at a path: store its content, then one transaction that checks the preconditions again, makes missing
 * folders and writes one row. Until that row nothing is visible, so a broken upload leaves nothing behind; of two writes to
 * one path on one node the later to finish follows the earlier as its next version.
 */
import { EngineError } from '../base/error.ts'
import type { EntryId, VersionId } from '../base/ids.ts'
import type { CatalogTransaction, EntryView, Version } from '../catalog/index.ts'
import type { Clock, Random } from '../ports.ts'
import type { InventoryExchange, Repair } from '../replication/index.ts'
import { type CommitDeps, commit } from './commit.ts'
import { ensureFolder, mustBeFile, mustBeFolder, newEntryId, pathText } from './paths.ts'
import { abandonUpload, type Content, type Uploaded, type UploadDeps, uploadContent } from './upload.ts'

export interface WriteDeps extends UploadDeps, CommitDeps {
  readonly clock: Clock
  readonly random: Random
  readonly repair: Pick<Repair, 'hurry'>
  readonly inventory: InventoryExchange
  /** Makes repair look now. */
  readonly wakeRepair: () => void
}

export interface WriteOptions {
  readonly ifNoneMatch?: true
  readonly ifMatch?: '*' | readonly string[]
  readonly modifiedMs?: number
  /**
   * The version that this content was made from, null for none. Where the file has another one by now, both stay, as a conflict;
   * without this option the content follows whatever is current.
   */
  readonly basis?: VersionId | null
  /** Wait for every connected member to have the rows. */
  readonly everyone?: boolean
  readonly signal: AbortSignal
}

export interface Written {
  readonly entry: EntryId
  readonly version: VersionId
  readonly created: boolean
  /** Nodes on which all chunks and rows are durable. */
  readonly durable: number
  /** Nodes on which the rows are durable. */
  readonly rowsDurable: number
}

/** Throws `precondition-failed`, `wrong-kind`, `quota-full`, `disk-full`, and whatever the source throws. */
export async function writeFile(
  deps: WriteDeps,
  path: readonly string[],
  source: Content,
  options: WriteOptions,
): Promise<Written> {
  const existing = deps.catalog.read.at(path)
  checkTarget(existing, path, options)
  const { copies, pinnedTo } = deps.catalog.read.policy((existing ?? nearestFolder(deps, path)).id)
  const upload = deps.random.bytes(16).toString('hex') as VersionId
  const uploaded = await uploadContent(deps, source, { upload, copies, pinnedTo, signal: options.signal })
  const now = deps.clock.nowMs()
  const version = (entry: EntryId, parents: readonly VersionId[]): Version => ({
    version: upload,
    entry,
    segments: uploaded.segments.map((segment) => segment.id),
    parents,
    sizeBytes: uploaded.sizeBytes,
    modifiedMs: options.modifiedMs ?? now,
    createdMs: now,
    author: deps.self,
  })
  const committed = await commit(
    deps,
    (tx) => {
      const current = tx.at(path)
      checkTarget(current, path, options)
      recordUpload(deps, tx, uploaded)
      if (current !== undefined) {
        tx.write({ what: 'version', version: version(current.id, parentsIn(tx, current, uploaded, options.basis)) })
        return { entry: current.id, created: false }
      }
      const entry = newEntryId(deps.random)
      const parent = ensureFolder(tx, path.slice(0, -1), deps.random)
      tx.write({ what: 'birth', entry, parent, name: path.at(-1) as string, version: version(entry, []) })
      return { entry, created: true }
    },
    { segments: uploaded.segments, everyone: options.everyone === true, signal: options.signal },
  ).catch(async (error: unknown) => {
    await abandonUpload(deps, upload, uploaded.confirmed)
    throw error
  })
  if (uploaded.short.length > 0) {
    deps.repair.hurry(uploaded.short)
    deps.wakeRepair()
  }
  return {
    ...committed.value,
    version: upload,
    durable: Math.min(uploaded.durable, committed.durable),
    rowsDurable: committed.durable,
  }
}

/** What a new version of a file follows. */
function parentsIn(
  tx: CatalogTransaction,
  file: EntryView,
  { segments }: Uploaded,
  basis: VersionId | null | undefined,
): VersionId[] {
  if (file.version === null) return []
  if (basis === undefined || basis === file.version) return [file.version]
  const there = tx.version(file.version)?.segments
  // The same content twice is no conflict.
  if (there?.length === segments.length && segments.every(({ id }, at) => id === there[at])) return [file.version]
  return basis !== null && tx.version(basis)?.entry === file.id ? [basis] : []
}

/** Segments and claims that the row about to be written relies on, in its transaction. */
function recordUpload(deps: UploadDeps, tx: CatalogTransaction, uploaded: Uploaded): void {
  for (const [node, chunks] of uploaded.confirmed) deps.catalog.chunks.claim(node, chunks, [])
  for (const segment of uploaded.segments) tx.addSegment(segment)
}

function checkTarget(existing: EntryView | undefined, path: readonly string[], options: WriteOptions): void {
  if (path.length === 0) throw new EngineError('wrong-kind', 'a file cannot take the place of the root folder')
  if (existing !== undefined) mustBeFile(existing)
  if (options.ifNoneMatch === true && existing !== undefined)
    throw preconditionFailed(`${existing.path} exists already`)
  if (options.ifMatch === undefined) return
  const matches =
    existing !== undefined && (options.ifMatch === '*' || options.ifMatch.includes(existing.version ?? ''))
  if (!matches) throw preconditionFailed(`${pathText(path)} is not at the version that was asked for`)
}

function preconditionFailed(message: string): EngineError {
  return new EngineError('precondition-failed', message, { hint: 'Read it again and decide anew.' })
}

/** The folder in which the path begins to be new. Refuses early, before any byte is taken in, what the transaction would refuse. */
function nearestFolder(deps: UploadDeps, path: readonly string[]): EntryView {
  for (let depth = path.length - 1; ; depth--) {
    const above = deps.catalog.read.at(path.slice(0, depth))
    if (above !== undefined) return mustBeFolder(above)
  }
}
