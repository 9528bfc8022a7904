/**
 * Closing the window while it still uploads would end that, and while what it stored lies on one machine alone a person should know. The
 * browser asks in its own words, so ours stand in the page behind the question. Imports go on without a window and hold nobody.
 */
import { notifications } from '@mantine/notifications'
import { useQuery } from '@tanstack/react-query'
import { useEffect } from 'react'
import { uncopiedQuery } from '../api/queries.ts'
import { filesText } from '../words/sizes.ts'
import { uncopiedText } from './lines.ts'
import { type Upload, uploads } from './uploads.ts'

const id = 'leaving'

/** What would be lost or left behind; null if nothing. `uncopied`: files that lie on this machine alone although others are there. */
function leavingText(all: readonly Upload[], uncopied: number): string | null {
  const waiting = all
    .filter(({ state }) => state === 'running' || state === 'paused')
    .reduce((sum, { filesTotal, filesDone, failures }) => sum + filesTotal - filesDone - failures.length, 0)
  if (waiting > 0) return `${filesText(waiting)} ${waiting === 1 ? 'is' : 'are'} not yet stored`
  const copying = all.reduce((sum, { filesCopying }) => sum + filesCopying, 0)
  // Where no machine could take a copy, waiting would help nobody.
  return uncopiedText(Math.min(copying, uncopied))
}

export function useLeaving(): void {
  const uncopied = useQuery(uncopiedQuery).data?.files ?? 0
  useEffect(() => {
    // The desktop app asks at quitting; closing its window ends nothing but uploads.
    const ask = (event: BeforeUnloadEvent): void => {
      const text = leavingText(uploads.get(), window.desktop === undefined ? uncopied : 0)
      if (text === null) return
      event.preventDefault()
      notifications.hide(id)
      notifications.show({
        id,
        color: 'yellow',
        title: text,
        message: 'Leave this window open until they are.',
        withBorder: true,
      })
    }
    addEventListener('beforeunload', ask)
    return () => removeEventListener('beforeunload', ask)
  }, [uncopied])
}
