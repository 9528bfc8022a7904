import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Activity } from '../../shared/index.ts'
import type { PoolSettings } from '../catalog/index.ts'
import { limits } from '../limits.ts'
import { openSqlite, systemClock } from '../platform/index.ts'
import { Diary } from './diary.ts'
import { type PoolSight, type ToldProfile, whatHappened } from './sight.ts'

const laptop: ToldProfile = { name: 'Laptop', site: 'home', quotaBytes: 5e9, drain: false, awayUntilMs: null }
const nas: ToldProfile = { ...laptop, name: 'NAS' }
const settings: PoolSettings = {
  name: 'Home',
  copies: 2,
  graceMs: { 'always-on': 1_800_000, desktop: 86_400_000, laptop: 86_400_000 },
  trashDays: 30,
  versionDays: 30,
  versionCount: 10,
  upBytesPerSec: 0,
  downBytesPerSec: 0,
}
const id = (digit: string) => digit.repeat(32)
const sight: PoolSight = { members: { [id('1')]: laptop, [id('2')]: nas }, settings, frozen: false }
const texts = (before: PoolSight, now: PoolSight) => whatHappened(before, now).map((each) => each.text)

test('nothing is told of a pool that has not changed', () => {
  assert.deepEqual(whatHappened(sight, structuredClone(sight)), [])
})

test('what people decide and what machines do is told in words', () => {
  const after = (change: Partial<ToldProfile>) => ({
    ...sight,
    members: { ...sight.members, [id('1')]: { ...laptop, ...change } },
  })
  assert.deepEqual(texts(sight, after({ name: 'Old' })), ['Laptop is called Old now.'])
  assert.deepEqual(texts(sight, after({ drain: true, replacedBy: id('2') as never })), [
    'NAS takes the place of Laptop.',
  ])
  assert.deepEqual(texts(sight, after({ drain: true })), ['Laptop is being emptied.'])
  assert.deepEqual(texts(after({ drain: true }), sight), ['Laptop is used again.'])
  assert.deepEqual(texts(sight, after({ quotaBytes: 1e12 })), ['Laptop gives 1 TB to the pool.'])
  assert.deepEqual(texts(sight, { ...sight, members: { [id('2')]: nas } }), ['Laptop is not in the pool any more.'])
  assert.deepEqual(texts({ ...sight, members: {} }, sight), ['Laptop is in the pool.', 'NAS is in the pool.'])
  assert.deepEqual(texts(sight, { ...sight, frozen: true }), [
    'More than half of the machines are gone; copying waits.',
  ])
  const changed = { ...settings, copies: 3, graceMs: { ...settings.graceMs, laptop: 3_600_000 } }
  assert.deepEqual(texts(sight, { ...sight, settings: changed }), [
    'Copies wanted: 3 (was 2).',
    'Wait for a laptop: 1 h (was 1 d).',
  ])
})

test('the diary survives a restart, keeps the newest, and pages newest first', () => {
  const database = openSqlite(':memory:')
  const told: Activity[] = []
  const diary = new Diary(database, systemClock, (item) => told.push(item))
  for (let number = 0; number < limits.activityItems + 5; number++) diary.note({ code: 'x', text: `number ${number}` })
  diary.setSight(sight)
  const again = new Diary(database, systemClock, () => {})
  const first = again.page(null, 2)
  assert.deepEqual(
    first.map((each) => each.text),
    [`number ${limits.activityItems + 4}`, `number ${limits.activityItems + 3}`],
  )
  assert.deepEqual(first[0], told.at(-1))
  const all = again.page(first[1]?.id ?? null, 10_000)
  assert.equal(all.length, limits.activityItems - 2)
  assert.equal(all.at(-1)?.text, 'number 5')
  assert.deepEqual(again.sight(), sight)
  again.forget()
  assert.deepEqual([again.page(null, 10), again.sight()], [[], null])
})
