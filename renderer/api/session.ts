/**
 * Whether this browser is logged in. `#login=CODE` in the address is spent once at the start and then removed from the
 * address, so that a reload or a shared link does not show it.
 */
import { onLoggedOut, request } from './client.ts'
import { createValue } from './value.ts'

export type Session = 'asking' | 'in' | 'out'
export const session = createValue<Session>('asking')

/** Why a login failed, for people. */
export const loginProblem = createValue<string | null>(null)

onLoggedOut(() => session.set('out'))

// A link that is opened where the window stands already changes the address only.
addEventListener('hashchange', () => location.hash.startsWith('#login=') && location.reload())

export async function login(): Promise<void> {
  const [, code] = /^#login=(.+)$/.exec(location.hash) ?? []
  if (code !== undefined) {
    history.replaceState(null, '', location.pathname + location.search)
    try {
      await request('POST', '/v1/session', { body: { code: decodeURIComponent(code) } })
    } catch (error) {
      // A window that is logged in already opens anyway: the next request tells.
      loginProblem.set(error instanceof Error ? error.message : String(error))
    }
  }
  session.set('in')
}
