/** What the service in memory answers beside the files themselves: its one machine, its health, pages of lists, sums. */
import type { Entry, FolderContents, Health, Node, Page, TrashItem } from '../../shared/index.ts'
import { EngineError } from '../base/error.ts'

export function memoryNode(id: string, usedBytes: number): Node {
  return {
    id,
    name: 'here',
    site: '',
    role: 'full',
    state: 'online',
    deviceClass: 'desktop',
    lastSeen: new Date(0).toISOString(),
    addresses: ['127.0.0.1:4711'],
    quotaBytes: 1e12,
    usedBytes,
    freeBytes: 1e12,
    self: true,
    drain: false,
    awayUntil: null,
    missed: false,
    chunks: 0,
    onlyHere: { files: 0, bytes: 0 },
    sameComputerAs: [],
    shedding: null,
    waitEnds: null,
    replacedBy: null,
  }
}

export function memoryHealth(inPool: boolean): Health {
  const none = { queuedChunks: 0, queuedBytes: 0, copiedChunks: 0, copiedBytes: 0, bytesPerSec: 0 }
  return {
    state: inPool ? 'protected' : 'no-pool',
    chunks: { total: 0, full: 0, degraded: 0, atRisk: 0, unreachable: 0, lost: 0 },
    files: { total: 0, protected: 0, copying: 0, degraded: 0, atRisk: 0, unreachable: 0, lost: 0 },
    repair: { ...none, etaMs: null, frozen: null, waiting: [] },
    reasons: [],
  }
}

export function memoryTrashItem(entry: Entry, path: string, deletedMs: number, deletedBy: string): TrashItem {
  const { id, name, kind, size, modified, version } = entry
  const deletedAt = new Date(deletedMs).toISOString()
  return { id, path, name, kind, size, modified, version, deletedAt, deletedBy, expiresAt: null }
}

export function pageOf<T>(items: T[], { limit, cursor }: { limit: number; cursor: string | null }): Page<T> {
  const from = cursor === null ? 0 : Number(cursor)
  if (!Number.isSafeInteger(from) || from < 0) throw new EngineError('bad-cursor', 'The cursor is not from this list.')
  const next = from + limit < items.length ? String(from + limit) : null
  return { items: items.slice(from, from + limit), next }
}

interface Inside {
  readonly kind: 'file' | 'folder'
  readonly versions: readonly { readonly bytes: Uint8Array }[]
}

export function memoryContents(nodeId: string, inside: readonly Inside[]): FolderContents {
  const files = inside.filter(({ kind }) => kind === 'file')
  const none = { copying: 0, degraded: 0, atRisk: 0, unreachable: 0, lost: 0 }
  return {
    files: { total: files.length, protected: files.length, ...none },
    folders: inside.length - files.length,
    bytes: files.reduce((sum, { versions }) => sum + (versions.at(-1)?.bytes.length ?? 0), 0),
    nodes: files.length === 0 ? [] : [{ nodeId, name: 'here', files: files.length }],
  }
}
