/** Times that go on while they are looked at: "just now" becomes "1 min. ago" by itself. The exact one shows on hover. */
import { useSyncExternalStore } from 'react'
import { exactTime, timeText, untilText } from './times.ts'

interface Props {
  /** RFC 3339. */
  readonly at: string
}

/** When something was. */
export function When({ at }: Props) {
  useTimePassing()
  return (
    <time dateTime={at} title={exactTime(at)}>
      {timeText(at)}
    </time>
  )
}

/** When something will be. */
export function Until({ at }: Props) {
  useTimePassing()
  return (
    <time dateTime={at} title={exactTime(at)}>
      {untilText(at)}
    </time>
  )
}

const stepMs = 20_000
const listeners = new Set<() => void>()
let timer: ReturnType<typeof setInterval> | undefined

/** Renders anew every some seconds: one timer for all that stand on the screen. */
export function useTimePassing(): void {
  useSyncExternalStore(listen, () => Math.floor(Date.now() / stepMs))
}

function listen(listener: () => void): () => void {
  listeners.add(listener)
  timer ??= setInterval(() => {
    for (const each of listeners) each()
  }, stepMs)
  return () => {
    listeners.delete(listener)
    if (listeners.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
}
