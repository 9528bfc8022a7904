/**
 * The one address of the app's own pages, and what belongs to it. Everything the window may load or talk to starts here; whoever
 * checks a sender, a navigation or a request asks these functions. Compared as text: for a scheme of our own URL.origin says `null`.
 */
import { isScreen } from '../shared/windowPage.ts'

export const ownScheme = 'app'
export const ownOrigin = 'app://hadahoop'
/** Where the small window lives that takes dropped files. */
export const dropPage = '/drop'

/** The one file of the window that opens outside of it. */
export const licencesPath = '/licences.txt'

/** True for addresses of the app itself. */
export function isOwnUrl(url: string): boolean {
  return url === ownOrigin || url.startsWith(`${ownOrigin}/`)
}

/** True for addresses that may stand in a window: pages, not contents of the pool. */
export function isOwnPage(url: string): boolean {
  if (!isOwnUrl(url)) return false
  const { pathname } = new URL(url)
  return pathname === '/' || pathname === '' || pathname === dropPage || isScreen(pathname)
}
