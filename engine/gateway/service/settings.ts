/** The service's operations on settings, what happened, and the checks of `doctor`. */
import { EngineError } from '../../base/error.ts'
import type { LimitHours } from '../../catalog/index.ts'
import { commit } from '../../files/index.ts'
import { formatMinuteOfDay, type Settings } from '../../../shared/index.ts'
import type { Service } from '../service.ts'

import { definedOf } from './nodes.ts'
import { numberedCursor, numberInCursor } from './paging.ts'
import { inPool, type NodeParts, type PoolParts } from './parts.ts'

type SettingsOperations = Pick<Service, 'doctor' | 'activity' | 'settings' | 'patchSettings'>

export function settingsOperations(parts: NodeParts): Required<SettingsOperations> {
  const pool = () => inPool(parts)
  return {
    async doctor() {
      return await parts.doctor()
    },
    async activity(query) {
      const { limit, cursor } = query
      const items = parts.activity(cursor === null ? null : String(numberInCursor('activity', cursor)), limit)
      const last = items.at(-1)
      return { items, next: items.length < limit || last === undefined ? null : numberedCursor('activity', last.id) }
    },
    async settings() {
      return settingsOf(pool())
    },
    async patchSettings(patch) {
      const here = pool()
      await commit(here, (tx) => {
        const now = tx.settings()
        if (now === undefined) throw notHere()
        const graceMs = { ...now.graceMs, ...definedOf(patch.graceMs) }
        const { limitHours, ...rest } = definedOf(patch)
        const { limitHours: hoursNow, ...others } = now
        const hours = limitHours === undefined ? hoursNow : minutesOf(limitHours)
        const settings = { ...others, ...rest, graceMs, ...(hours === undefined ? {} : { limitHours: hours }) }
        tx.write({ what: 'settings', settings })
      })
      here.census.invalidate()
      here.wakeRepair()
      return settingsOf(here)
    },
  }
}

function settingsOf(pool: PoolParts): Settings {
  const settings = pool.catalog.read.settings()
  if (settings === undefined) throw notHere()
  const { copies, graceMs, trashDays, versionDays, versionCount, upBytesPerSec, downBytesPerSec, limitHours } = settings
  return {
    ...{ copies, graceMs: { ...graceMs }, trashDays, versionDays, versionCount, upBytesPerSec, downBytesPerSec },
    limitHours:
      limitHours === undefined
        ? null
        : { from: formatMinuteOfDay(limitHours.fromMinute), to: formatMinuteOfDay(limitHours.toMinute) },
  }
}

function minutesOf(hours: Settings['limitHours']): LimitHours | undefined {
  if (hours === null || hours === undefined) return undefined
  return { fromMinute: minuteOf(hours.from), toMinute: minuteOf(hours.to) }
}

/** Of `HH:MM`. */
function minuteOf(time: string): number {
  const [hour = 0, minute = 0] = time.split(':').map(Number)
  return hour * 60 + minute
}

function notHere(): EngineError {
  return new EngineError('conflict', 'the pool’s settings have not arrived here yet', {
    hint: 'Wait until another machine is connected.',
    retryable: true,
  })
}
