/**
 * The built window's files (and the drop page's), in memory, as answers for the app's own scheme. The page is served here rather
 * than by the engine, so that the window opens and says what is the matter while the engine is not there.
 */
import { randomBytes } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { mediaTypeOf } from '../shared/mediaTypes.ts'
import { assetPolicy, isFixedAsset, isScreen, pagePolicy, pageWith } from '../shared/windowPage.ts'
import { dropPage } from './ownPages.ts'

const nonceBytes = 16
/** Compressed twins and the build's stamp are for the engine. */
const notServed = /\.gz$|^stamp$/

export interface WindowFiles {
  /** The answer to a GET of this path; undefined where nothing lies there. */
  answer(pathname: string): Response | undefined
}

export interface WindowFolders {
  /** The built window. */
  readonly window: string
  /** The drop page: index.html and its files. */
  readonly drop: string
}

export async function loadWindowFiles(folders: WindowFolders): Promise<WindowFiles> {
  const files = new Map<string, Buffer>()
  for (const [name, bytes] of await readBelow(folders.window)) files.set(`/${name}`, bytes)
  for (const [name, bytes] of await readBelow(folders.drop)) {
    files.set(name === 'index.html' ? dropPage : `${dropPage}/${name}`, bytes)
  }
  return {
    answer(pathname) {
      const path = pathname === '/' || pathname === '' || isScreen(pathname) ? '/index.html' : pathname
      const bytes = files.get(path)
      if (bytes === undefined) return undefined
      const isPage = path === '/index.html' || path === dropPage
      if (!isPage) return fileAnswer(path, bytes)
      const nonce = randomBytes(nonceBytes).toString('base64url')
      return new Response(pageWith(bytes.toString('utf8'), nonce), {
        headers: {
          ...commonHeaders,
          'content-type': 'text/html; charset=utf-8',
          'content-security-policy': pagePolicy(nonce),
          'cache-control': 'no-store',
        },
      })
    },
  }
}

const commonHeaders = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
}

function fileAnswer(path: string, bytes: Buffer): Response {
  return new Response(new Uint8Array(bytes), {
    headers: {
      ...commonHeaders,
      'content-type': mediaTypeOf(path),
      'content-security-policy': assetPolicy,
      'cache-control': isFixedAsset(path.slice(1)) ? 'public, max-age=31536000, immutable' : 'no-cache',
    },
  })
}

/** By hand: Electron's archives list no folder recursively. */
async function readBelow(folder: string, prefix = ''): Promise<[string, Buffer][]> {
  const found: [string, Buffer][] = []
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const name = prefix + entry.name
    if (entry.isDirectory()) found.push(...(await readBelow(join(folder, entry.name), `${name}/`)))
    else if (!notServed.test(name)) found.push([name, await readFile(join(folder, entry.name))])
  }
  return found
}
