/**
 * REMOTE as people type it: with or without the leading slash; a trailing slash says "into this folder".
 */
import { BadPath, encodePath, joinPath, parseJsonPath } from '../shared/index.ts'
import { WrongUsage } from './failure.ts'

export interface RemotePath {
  /** Names from the root; [] is the root. */
  readonly names: readonly string[]
  /** It ended with a slash, or is the root. */
  readonly intoFolder: boolean
}

/** Throws WrongUsage. */
export function parseRemote(text: string): RemotePath {
  const trimmed = text.replace(/^\//, '').replace(/\/$/, '')
  try {
    return {
      names: trimmed === '' ? [] : parseJsonPath(`/${trimmed}`),
      intoFolder: trimmed === '' || text.endsWith('/'),
    }
  } catch (error) {
    if (!(error instanceof BadPath)) throw error
    throw new WrongUsage(`${JSON.stringify(text)} is not a path: ${error.message}.`)
  }
}

export function fileUrl(names: readonly string[]): string {
  return `/v1/files/${encodePath(names)}`
}

export function folderUrl(names: readonly string[]): string {
  return `/v1/folders/${encodePath(names)}`
}

export function entryUrl(names: readonly string[]): string {
  return `/v1/entries?path=${encodeURIComponent(joinPath(names))}`
}
