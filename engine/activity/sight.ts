/**
 * What has happened between two looks at the pool: pure. Everything is read from what all nodes share (members, profiles, settings), so every
 * machine tells the same, also of what happened while it was off.
 */
import type { NodeId } from '../base/ids.ts'
import type { NodeProfile, PoolSettings } from '../catalog/index.ts'
import { formatBytes, formatDuration, formatMinuteOfDay } from '../../shared/index.ts'

export interface Happening {
  /** Stable. */
  readonly code: string
  readonly text: string
  readonly nodeId?: NodeId
}

/** As much of a profile as is told about. */
export type ToldProfile = Pick<
  NodeProfile,
  'name' | 'site' | 'quotaBytes' | 'drain' | 'awayUntilMs' | 'missed' | 'replacedBy'
>

export interface PoolSight {
  /** Members whose profile is known, by node id. */
  readonly members: Readonly<Record<string, ToldProfile>>
  readonly settings: PoolSettings | null
  /** Copying waits because more than half of the machines are gone. */
  readonly frozen: boolean
}

export function whatHappened(before: PoolSight, now: PoolSight): Happening[] {
  const happenings: Happening[] = []
  for (const [id, profile] of Object.entries(now.members)) {
    const nodeId = id as NodeId
    const known = before.members[id]
    if (known === undefined)
      happenings.push({ code: 'machine-joined', text: `${profile.name} is in the pool.`, nodeId })
    else happenings.push(...changesOf(nodeId, known, profile, now))
  }
  for (const [id, { name }] of Object.entries(before.members)) {
    if (Object.hasOwn(now.members, id)) continue
    happenings.push({ code: 'machine-removed', text: `${name} is not in the pool any more.`, nodeId: id as NodeId })
  }
  if (before.settings !== null && now.settings !== null) {
    happenings.push(...settingsChanges(before.settings, now.settings))
  }
  if (before.frozen !== now.frozen) {
    happenings.push(
      now.frozen
        ? { code: 'repair-frozen', text: 'More than half of the machines are gone; copying waits.' }
        : { code: 'repair-resumed', text: 'Copying goes on.' },
    )
  }
  return happenings
}

function changesOf(nodeId: NodeId, was: ToldProfile, is: ToldProfile, now: PoolSight): Happening[] {
  const { name } = is
  const told: Happening[] = []
  const tell = (code: string, text: string) => told.push({ code, text, nodeId })
  if (was.name !== name) tell('machine-renamed', `${was.name} is called ${name} now.`)
  if (was.site !== is.site)
    tell('machine-moved', is.site === '' ? `${name} has no place.` : `${name} stands in ${is.site}.`)
  if (was.quotaBytes !== is.quotaBytes)
    tell('machine-space', `${name} gives ${formatBytes(is.quotaBytes)} to the pool.`)
  if (is.replacedBy !== undefined && was.replacedBy !== is.replacedBy) {
    const heir = now.members[is.replacedBy]?.name ?? is.replacedBy.slice(0, 8)
    tell('machine-replaced', `${heir} takes the place of ${name}.`)
  } else if (was.drain !== is.drain) {
    if (is.drain) tell('machine-draining', `${name} is being emptied.`)
    else tell('machine-kept', `${name} is used again.`)
  }
  if (was.missed === undefined && is.missed === true)
    tell('machine-missed', `Nobody waits for ${name} any more: what it holds is copied now.`)
  if (was.awayUntilMs !== is.awayUntilMs) {
    if (is.awayUntilMs === null) tell('machine-expected', `${name} is expected again.`)
    else tell('machine-absent', `${name} is announced as away.`)
  }
  return told
}

function settingsChanges(was: PoolSettings, is: PoolSettings): Happening[] {
  const rate = (bytesPerSec: number) => (bytesPerSec === 0 ? 'no limit' : `${formatBytes(bytesPerSec)}/s`)
  const values = (settings: PoolSettings): Record<string, string> => ({
    'The pool’s name': settings.name,
    'Copies wanted': String(settings.copies),
    'Wait for an always-on machine': formatDuration(settings.graceMs['always-on']),
    'Wait for a desktop': formatDuration(settings.graceMs.desktop),
    'Wait for a laptop': formatDuration(settings.graceMs.laptop),
    'Days in the trash': String(settings.trashDays),
    'Days that versions are kept': String(settings.versionDays),
    'Versions kept': String(settings.versionCount),
    'Sending of copies': rate(settings.upBytesPerSec),
    'Receiving of copies': rate(settings.downBytesPerSec),
    'Limits hold': hoursText(settings.limitHours),
  })
  const before = values(was)
  return Object.entries(values(is))
    .filter(([name, value]) => before[name] !== value)
    .map(([name, value]) => ({ code: 'settings-changed', text: `${name}: ${value} (was ${before[name]}).` }))
}

function hoursText(hours: PoolSettings['limitHours']): string {
  return hours === undefined
    ? 'always'
    : `from ${formatMinuteOfDay(hours.fromMinute)} to ${formatMinuteOfDay(hours.toMinute)}`
}
