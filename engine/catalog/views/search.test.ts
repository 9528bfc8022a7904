import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type EntryId, ROOT_ENTRY } from '../../base/ids.ts'
import { NameIndex } from './nameIndex.ts'
import { foldName } from './names.ts'
import { searchAll } from './testing/dump.ts'
import { Story } from './testing/story.ts'

const word = fc.string({
  unit: fc.constantFrom('a', 'B', 'b', '\u00e9', '\u{1f600}', '"', ' ', '*', '%', '-'),
  minLength: 1,
  maxLength: 9,
})

test('any part of a name finds it, whatever is indexed already', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(word, fc.boolean()), { minLength: 1, maxLength: 12 }),
      fc.array(fc.tuple(fc.nat(11), word), { maxLength: 5 }),
      fc.tuple(fc.nat(11), fc.nat(5), fc.nat(6)),
      fc.nat(15),
      (named, renamed, [which, from, length], indexed) => {
        const story = new Story()
        const nameOf = new Map<EntryId, string>()
        for (const [name, isFolder] of named) nameOf.set(isFolder ? story.folder(name) : story.file(name), name)
        story.views.transact(() => story.views.workOff(indexed))
        for (const [index, name] of renamed) {
          const id = [...nameOf.keys()][index]
          if (id === undefined) continue
          story.move(id, ROOT_ENTRY, name)
          nameOf.set(id, name)
        }
        if (indexed % 2 === 0) story.views.transact(() => story.views.workOff(1))
        // A part of one of the names, or of none if it is cut to nothing.
        const chosen = [...nameOf.values()][which % nameOf.size] as string
        const text = Array.from(chosen)
          .slice(from, from + length)
          .join('')
          .toUpperCase()
        const expected = [...nameOf].filter(([, name]) => foldName(name).includes(foldName(text)))
        // Folders of one name show once.
        const paths = new Set(expected.map(([id]) => story.path(id)))
        assert.deepEqual(new Set(searchAll(story.views, text)), paths)
        assert.equal(searchAll(story.views, text).length, paths.size)
        story.views.settle()
        assert.deepEqual(new Set(searchAll(story.views, text)), paths)
        assert.equal(searchAll(story.views, text).length, paths.size)
      },
    ),
    { numRuns: 80 },
  )
})

test('only what is live is found, of the kind and in the folder asked for', () => {
  const story = new Story()
  const folder = story.folder('Invoices')
  const inner = story.folder('old invoices', { parent: folder })
  const file = story.file('Invoice 1', { parent: inner })
  const other = story.file('invoice 2')
  const dead = story.folder('dead')
  story.file('invoice 3', { parent: dead })
  story.trash(dead)
  story.views.settle()
  const search = (query: object) =>
    story.views.search({ text: 'INVOICE', limit: 10, cursor: null, ...query }).items.map((view) => view.id)
  assert.deepEqual(search({}), [other, file, inner, folder])
  assert.deepEqual(search({ kind: 'file' }), [other, file])
  assert.deepEqual(search({ kind: 'folder' }), [inner, folder])
  assert.deepEqual(search({ folder: story.views.entry(folder) }), [file, inner])
  assert.deepEqual(search({ text: 'inv\u00f6ice' }), [])
  story.restore(dead)
  assert.equal(search({}).length, 5)
})

test('an entry that ended is not found by its old name, before and after the index knows', () => {
  const story = new Story()
  const file = story.file('unique name')
  story.views.settle()
  story.views.transact(() => story.views.forgetEntry(file))
  assert.deepEqual(searchAll(story.views, 'unique'), [])
  story.views.settle()
  assert.deepEqual(searchAll(story.views, 'unique'), [])
})

test('looking through names gives up after so many and says where to go on', () => {
  const story = new Story()
  const wanted = story.file('zq')
  const changes = Array.from({ length: 300 }, (_, index) => {
    const entry = story.newId<EntryId>()
    return story.say({ what: 'birth', entry, parent: ROOT_ENTRY, name: `file ${index}`, version: null })
  })
  story.views.take(...changes)
  const names = new NameIndex(story.views.database)
  const found: number[] = []
  let turns = 0
  for (let below: number | null = 1000; below !== null; turns++) {
    const { numbers, lookedDownTo } = names.candidates('zq', below, 10, 50)
    assert(lookedDownTo === null || lookedDownTo >= below - 50)
    found.push(...numbers)
    below = lookedDownTo
  }
  assert.equal(turns, 20)
  assert.equal(found.length, 1)
  assert.deepEqual(searchAll(story.views, 'zq'), [story.path(wanted)])
  assert.equal(searchAll(story.views, '').length, 301)
})
