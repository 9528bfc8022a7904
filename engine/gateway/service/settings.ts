/** The service's operations on settings, what happened, and the checks of `doctor`. */
import { EngineError } from '../../base/error.ts'
import { commit } from '../../files/index.ts'
import type { Settings } from '../../../shared/index.ts'
import type { Service } from '../service.ts'

import { definedOf } from './nodes.ts'
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
      if (cursor !== null && !/^\d{1,15}$/.test(cursor)) {
        throw new EngineError('bad-cursor', 'the cursor is not from this list')
      }
      const items = parts.activity(cursor, limit)
      return { items, next: items.length < limit ? null : (items.at(-1)?.id ?? null) }
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
        tx.write({ what: 'settings', settings: { ...now, ...definedOf(patch), graceMs } })
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
  const { copies, graceMs, trashDays, versionDays, versionCount, upBytesPerSec, downBytesPerSec } = settings
  return { copies, graceMs: { ...graceMs }, trashDays, versionDays, versionCount, upBytesPerSec, downBytesPerSec }
}

function notHere(): EngineError {
  return new EngineError('conflict', 'the pool’s settings have not arrived here yet', {
    hint: 'Wait until another machine is connected.',
    retryable: true,
  })
}
