/**
 * What pages may not do, whatever they contain: leave the app, open windows, embed a webview, get a permission, reach another
 * address. Defends against markup or script that gets into the window by a hole in it or in Chromium. Applied to every web
 * contents the app ever makes, so that a window added later is not forgotten.
 */
import type { App, Session, WebContents } from 'electron'
import { isOwnPage, isOwnUrl, licencesPath, ownOrigin } from './ownPages.ts'

/** What the window itself needs: copying a code, and video in full screen. Everything else is refused. */
const allowedPermissions: ReadonlySet<string> = new Set(['clipboard-sanitized-write', 'fullscreen'])
/** Hosts that links may open in the system's browser. */
const externalHosts: ReadonlySet<string> = new Set(['github.com', 'nodejs.org'])

/** True for links that may be handed to the system's browser: https, to a host that we link to. */
function mayOpenOutside(url: string): boolean {
  if (!URL.canParse(url)) return false
  const { protocol, hostname, port, username, password } = new URL(url)
  return protocol === 'https:' && externalHosts.has(hostname) && port === '' && username === '' && password === ''
}

type GuardedSession = Pick<
  Session,
  'setPermissionRequestHandler' | 'setPermissionCheckHandler' | 'setDevicePermissionHandler' | 'webRequest'
>

/** Denies permissions, devices and every address but our own. */
export function hardenSession(session: GuardedSession): void {
  const isAllowed = (permission: string, asker: string | undefined, isMainFrame: boolean): boolean =>
    allowedPermissions.has(permission) && isMainFrame && asker !== undefined && isOwnUrl(asker)
  session.setPermissionRequestHandler((_contents, permission, answer, { requestingUrl, isMainFrame }) => {
    answer(isAllowed(permission, requestingUrl, isMainFrame))
  })
  session.setPermissionCheckHandler((_contents, permission, origin, { isMainFrame }) =>
    isAllowed(permission, origin, isMainFrame),
  )
  session.setDevicePermissionHandler(() => false)
  session.webRequest.onBeforeRequest(({ url }, answer) => answer({ cancel: !isLoadable(url) }))
}

function isLoadable(url: string): boolean {
  return (
    isOwnUrl(url) || url.startsWith('data:') || url.startsWith(`blob:${ownOrigin}/`) || url.startsWith('devtools://')
  )
}

/** Holds every web contents of the app to its own pages. `openOutside` gets the links that may be opened in a browser. */
export function hardenAllContents(
  app: Pick<App, 'on'>,
  openOutside: (url: string) => void,
  showLicences: () => void,
): void {
  app.on('web-contents-created', (_event, contents) => hardenContents(contents, openOutside, showLicences))
}

type GuardedContents = Pick<WebContents, 'on' | 'setWindowOpenHandler'>

function hardenContents(contents: GuardedContents, openOutside: (url: string) => void, showLicences: () => void): void {
  const outside = (url: string): void => {
    if (url === ownOrigin + licencesPath) showLicences()
    else if (mayOpenOutside(url)) openOutside(url)
  }
  contents.on('will-frame-navigate', (event) => {
    if (event.isMainFrame ? isOwnPage(event.url) : isOwnUrl(event.url)) return
    event.preventDefault()
    if (event.isMainFrame) outside(event.url)
  })
  contents.on('will-navigate', (event) => {
    if (!isOwnPage(event.url)) event.preventDefault()
  })
  contents.on('will-redirect', (event) => {
    if (event.isMainFrame ? !isOwnPage(event.url) : !isOwnUrl(event.url)) event.preventDefault()
  })
  contents.on('will-attach-webview', (event) => event.preventDefault())
  contents.setWindowOpenHandler(({ url }) => {
    outside(url)
    return { action: 'deny' }
  })
}
