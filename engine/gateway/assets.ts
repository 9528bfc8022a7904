/**
 * The window's files in memory, each under its path with an ETag, read once at start by whoever may touch disks. Addresses of
 * screens (`/files/Photos/2024`) are all the one page. The content security policy allows nothing foreign and nothing inline but
 * style sheets that carry the answer's own nonce (the component library makes some), so injected markup neither runs nor
 * loads. Rejected: 'unsafe-inline' for styles, with which injected markup could draw over the window.
 */
import { mediaTypeOf } from '../../shared/index.ts'
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

/** What stands in the page where the nonce of an answer goes. */
const nonceMark = 'STYLE-NONCE'
const compressedEnding = '.gz'
/** Where the build puts files whose names are hashes of their contents. */
const fixedFolder = 'assets/'

const screens = /^\/(?:files|transfers|health|machines|trash|settings|search)(?:\/.*)?$/

/** True for addresses of the window's screens, which are answered with the page. */
export function isScreen(pathname: string): boolean {
  return screens.test(pathname)
}

export function pagePolicy(nonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data: blob:",
    "media-src 'self'",
    "font-src 'self'",
    "frame-src 'self'",
    "worker-src 'self'",
    "connect-src 'self'",
    "form-action 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}

/** The page with the nonce that its style sheets are to carry. */
export function pageWith(page: Asset, nonce: string): string {
  return Buffer.from(page.bytes).toString('utf8').replaceAll(nonceMark, nonce)
}

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
      isFixed: name.startsWith(fixedFolder),
      ...(names.includes(compressed) ? { gzip: await read(compressed) } : {}),
    })
  }
  return assets
}
