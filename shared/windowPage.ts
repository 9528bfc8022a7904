/**
 * How the window's page is served, by the engine to browsers and by the desktop app to its own window: which addresses are screens,
 * and the content security policy. It allows nothing foreign and nothing inline but style sheets that carry the answer's own nonce
 * (the component library makes some), so injected markup neither runs nor loads. Rejected: 'unsafe-inline' for styles, with which
 * injected markup could draw over the window.
 */

/** What stands in the page where the nonce of an answer goes. */
const nonceMark = 'STYLE-NONCE'
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

/** Of assets; they stand alone, and what a worker among them may load it takes from its own answer. */
export const assetPolicy =
  "default-src 'none'; script-src 'self'; connect-src 'self'; img-src 'self' data: blob:; style-src 'self'"

/** The page with the nonce that its style sheets are to carry. */
export function pageWith(page: string, nonce: string): string {
  return page.replaceAll(nonceMark, nonce)
}

/** True if a file's name, as a path in the window's folder, changes with its content, so that browsers may keep it for ever. */
export function isFixedAsset(name: string): boolean {
  return name.startsWith(fixedFolder)
}
