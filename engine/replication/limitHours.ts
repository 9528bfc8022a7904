/** When limits of rates hold: a pure function of the hours that people chose and of this machine's own time of day. */
import type { PoolSettings } from '../catalog/index.ts'

type Settings = Pick<PoolSettings, 'upBytesPerSec' | 'downBytesPerSec' | 'limitHours'> | undefined

/** Bytes per second at that time (ms since 1970); 0: no limit. */
export function limitsNow(settings: Settings, nowMs: number): { readonly up: number; readonly down: number } {
  if (settings === undefined || !holds(settings.limitHours, nowMs)) return { up: 0, down: 0 }
  return { up: settings.upBytesPerSec, down: settings.downBytesPerSec }
}

function holds(hours: PoolSettings['limitHours'], nowMs: number): boolean {
  if (hours === undefined) return true
  const { fromMinute, toMinute } = hours
  const now = new Date(nowMs)
  const minute = now.getHours() * 60 + now.getMinutes()
  return fromMinute < toMinute ? minute >= fromMinute && minute < toMinute : minute >= fromMinute || minute < toMinute
}
