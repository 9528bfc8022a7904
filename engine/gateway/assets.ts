/**
 * The window's files in memory, each under its path with an ETag, read once at start by whoever may touch disks. Addresses of
 * screens (`/files/Photos/2024`) are all the one page. What the page may load says shared/windowPage.ts.
 */
import { isFixedAsset, mediaTypeOf } from '../../shared/index.ts'
import { blake3Hex } from '../base/hash.ts'

export interface Asset {
  readonly bytes: Uint8Array
  readonly mediaType: string
  readonly etag: string
  /** The same, compressed. */
  readonly gzip?: Uint8Array
  /** Its name changes with its content, so browsers may keep it for ever. */
  readonly isFixed: boolean
}

/** By request path; `/` is the page. */
export type Assets = ReadonlyMap<string, Asset>

const compressedEnding = '.gz'

/** Loads the window from files, named by their paths in its folder, with `/` between. */
export async function loadAssets(
  names: readonly string[],
  read: (name: string) => Promise<Uint8Array>,
): Promise<Assets> {
  const assets = new Map<string, Asset>()
  for (const name of names.filter((name) => !name.endsWith(compressedEnding))) {
    const bytes = await read(name)
    const compressed = name + compressedEnding
    assets.set(name === 'index.html' ? '/' : `/${name}`, {
      bytes,
      mediaType: mediaTypeOf(name),
      etag: `"${blake3Hex(bytes).slice(0, 32)}"`,
      isFixed: isFixedAsset(name),
      ...(names.includes(compressed) ? { gzip: await read(compressed) } : {}),
    })
  }
  return assets
}
