import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isEngineError } from '../../base/error.ts'
import type { EntryId } from '../../base/ids.ts'
import type { EntryView, ListOptions } from '../types.ts'
import { foldName, sortKeyOf } from './names.ts'
import { listAll, rootOf } from './testing/dump.ts'
import { Story } from './testing/story.ts'

const names = fc.uniqueArray(
  fc.constantFrom('b', 'B', 'a1', 'a10', 'a2', 'a02', 'Z', '\u00e9', 'e', '\u{1f600}', '_', '\uffee'),
  {
    minLength: 1,
  },
)

function byName(a: EntryView, b: EntryView): number {
  const [one, two] = [a, b].map((view) => Buffer.from(sortKeyOf(foldName(view.name)))) as [Buffer, Buffer]
  return one.compare(two) || (a.id < b.id ? -1 : 1)
}

test('every order lists all, folders first, in pages of any size', () => {
  fc.assert(
    fc.property(names, names, fc.integer({ min: 1, max: 7 }), (fileNames, folderNames, limit) => {
      const story = new Story()
      for (const [index, name] of fileNames.entries()) {
        story.file(name, { sizeBytes: index % 3, modifiedMs: (index * 7) % 4 })
      }
      for (const name of folderNames) story.folder(`${name} folder`)
      for (const sort of ['name', 'size', 'modified'] as const) {
        const key = (view: EntryView) => (sort === 'size' ? (view.sizeBytes ?? 0) : view.modifiedMs)
        const byKey = (a: EntryView, b: EntryView) => key(a) - key(b) || (a.id < b.id ? -1 : 1)
        const ofFiles = sort === 'name' ? byName : byKey
        const ofFolders = sort === 'modified' ? byKey : byName
        for (const order of ['asc', 'desc'] as const) {
          const listed = listAll(story.views, rootOf(story.views), { sort, order, limit })
          const sign = order === 'asc' ? 1 : -1
          const folders = listed.filter((view) => view.kind === 'folder')
          const files = listed.filter((view) => view.kind === 'file')
          assert.equal(files.length, fileNames.length)
          assert.equal(folders.length, folderNames.length)
          const expected = [
            ...folders.toSorted((a, b) => sign * ofFolders(a, b)),
            ...files.toSorted((a, b) => sign * ofFiles(a, b)),
          ]
          assert.deepEqual(
            listed.map((view) => view.name),
            expected.map((view) => view.name),
            `${sort} ${order}`,
          )
        }
      }
    }),
    { numRuns: 25 },
  )
})

test('a cursor stays good while entries come, go and are renamed', () => {
  const story = new Story()
  const ids = Array.from({ length: 9 }, (_, index) => story.file(`n${index}`))
  const options: ListOptions = { sort: 'name', order: 'asc', limit: 4, cursor: null }
  const first = story.views.list(rootOf(story.views), options)
  assert.deepEqual(
    first.items.map((view) => view.name),
    ['n0', 'n1', 'n2', 'n3'],
  )
  story.trash(ids[3] as EntryId)
  story.trash(ids[4] as EntryId)
  story.file('n00')
  story.file('n35')
  const second = story.views.list(rootOf(story.views), { ...options, limit: 100, cursor: first.next })
  assert.deepEqual(
    second.items.map((view) => view.name),
    ['n5', 'n6', 'n7', 'n8', 'n35'],
  )
  assert.equal(second.next, null)
})

test('a cursor of another list, or of nobody, is refused', () => {
  const story = new Story()
  for (let index = 0; index < 3; index++) story.file(`n${index}`)
  const root = rootOf(story.views)
  const byName = story.views.list(root, { sort: 'name', order: 'asc', limit: 1, cursor: null }).next as string
  const text = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const id = '0'.repeat(32)
  const malformed = [
    'x',
    '',
    text([]),
    text(['name asc']),
    text(['name asc', 2, 'a', 'zz']),
    text(['name asc', 2, 7, id]),
    text(['name asc', 3, 'a', id]),
    text(['size asc', 2, 'a', id]),
    text({ name: 1 }),
    'AAAA',
  ]
  const refused = (error: unknown) => isEngineError(error, 'bad-cursor')
  for (const cursor of malformed) {
    for (const sort of ['name', 'size'] as const) {
      assert.throws(() => story.views.list(root, { sort, order: 'asc', limit: 1, cursor }), refused, cursor)
    }
    assert.throws(() => story.views.trash({ limit: 1, cursor }), refused)
    assert.throws(() => story.views.search({ text: 'a', limit: 1, cursor }), refused)
  }
  assert.throws(() => story.views.list(root, { sort: 'name', order: 'desc', limit: 1, cursor: byName }), refused)
  assert.throws(() => story.views.list(root, { sort: 'modified', order: 'asc', limit: 1, cursor: byName }), refused)
})

test('a page of a folder of 20,000 entries reads a few hundred rows, wherever it begins', () => {
  const story = new Story()
  const changes = Array.from({ length: 20_000 }, (_, index) => {
    const entry = story.newId<EntryId>()
    const version = story.versionOf(entry, [], { sizeBytes: (index * 7919) % 5003, modifiedMs: index })
    return story.say({ what: 'birth', entry, parent: rootOf(story.views).id, name: `file ${index}`, version })
  })
  story.views.take(...changes)
  // Whoever reads a whole folder for a page would show it in the plan: no sorting, no scan.
  const plan = (sql: string) => story.views.database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all<{ detail: string }>()
  for (const key of ['sort_key', 'size', 'modified']) {
    const details = plan(
      `SELECT * FROM entry WHERE place = 0 AND kind = 2 AND (${key}, id) > ('', x'') ORDER BY ${key}, id LIMIT 200`,
    ).map(({ detail }) => detail)
    assert.equal(details.length, 1, `${details}`)
    assert.match(details[0] as string, /USING INDEX entry_by_/)
  }
  for (const sort of ['name', 'size', 'modified'] as const) {
    const listed = listAll(story.views, rootOf(story.views), { sort, limit: 1000 })
    assert.equal(new Set(listed.map((view) => view.id)).size, 20_000)
  }
})
