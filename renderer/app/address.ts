/** Where the window is and how it goes elsewhere: the browser's own history, watched. */
import { useMemo, useSyncExternalStore } from 'react'
import { type Address, parseAddress } from './parseAddress.ts'

export { folderAddress, type Screen } from './parseAddress.ts'

const listeners = new Set<() => void>()
const tell = (): void => {
  for (const listener of listeners) listener()
}
addEventListener('popstate', tell)

export function navigate(address: string, options: { readonly replace?: boolean } = {}): void {
  if (address === location.pathname + location.search) return
  if (options.replace) history.replaceState(null, '', address)
  else history.pushState(null, '', address)
  tell()
}

export function useAddress(): Address {
  const text = useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => location.pathname + location.search,
  )
  return useMemo(() => {
    const at = text.indexOf('?')
    return at < 0 ? parseAddress(text, '') : parseAddress(text.slice(0, at), text.slice(at))
  }, [text])
}
