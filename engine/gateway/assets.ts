/**
 * The page's files in memory, each under its path with an ETag. They are read once at start by whoever may touch disks;
 * the content security policy allows nothing inline and nothing foreign, so injected markup cannot run.
 */
import { mediaTypeOf } from '../../shared/index.ts'
import { blake3Hex } from '../base/hash.ts'

export interface Asset {
  readonly bytes: Uint8Array
  readonly mediaType: string
  readonly etag: string
}

/** By request path; `/` is the page. */
export type Assets = ReadonlyMap<string, Asset>

/** The files of the folder `engine/gateway/page/`. */
const pageFiles = ['index.html', 'page.css', 'page.js', 'icon.svg'] as const

export const pagePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "media-src 'self'",
  "connect-src 'self'",
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** Loads the page with `read`, which is given the names of files in `engine/gateway/page/`. */
export async function loadPage(read: (name: string) => Promise<Uint8Array>): Promise<Assets> {
  const assets = new Map<string, Asset>()
  for (const name of pageFiles) {
    const bytes = await read(name)
    const path = name === 'index.html' ? '/' : `/${name}`
    assets.set(path, { bytes, mediaType: mediaTypeOf(name), etag: `"${blake3Hex(bytes).slice(0, 32)}"` })
  }
  return assets
}
