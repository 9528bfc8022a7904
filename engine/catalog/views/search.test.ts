import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { EntryId } from '../../base/ids.ts'
import { limits } from '../../limits.ts'
import { foldName } from './names.ts'
import { searchAll } from './testing/dump.ts'
import { Story } from './testing/story.ts'

const word = fc.string({
  unit: fc.constantFrom('a', 'B', 'b', '\u00e9', '\u{1f600}', '"', ' ', '*', '%', '-'),
  minLength: 1,
  maxLength: 6,
})

test('any part of a name finds it, whatever is indexed already', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(word, fc.boolean()), { minLength: 1, maxLength: 12 }),
      fc.array(fc.tuple(fc.nat(11), word), { maxLength: 5 }),
      word,
      fc.nat(15),
      (named, renamed, text, indexed) => {
        const story = new Story()
        const nameOf = new Map<EntryId, string>()
        for (const [name, isFolder] of named) nameOf.set(isFolder ? story.folder(name) : story.file(name), name)
        story.views.transact(() => story.views.workOff(indexed))
        for (const [index, name] of renamed) {
          const id = [...nameOf.keys()][index]
          if (id === undefined) continue
          story.move(id, '0'.repeat(32) as EntryId, name)
          nameOf.set(id, name)
        }
        if (indexed % 2 === 0) story.views.transact(() => story.views.workOff(1))
        const expected = [...nameOf].filter(([, name]) => foldName(name).includes(foldName(text)))
        // Folders of one name show once.
        const paths = new Set(expected.map(([id]) => story.path(id)))
        assert.deepEqual(searchAll(story.views, text).sort(), [...paths].sort())
        story.views.settle()
        assert.deepEqual(searchAll(story.views, text).sort(), [...paths].sort())
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

test('a search that must look through many names gives up its turn, and goes on from its cursor', () => {
  const story = new Story()
  const wanted = story.file('zq')
  const changes = Array.from({ length: 300 }, (_, index) => {
    const entry = story.newId<EntryId>()
    const version = story.versionOf(entry, [])
    return story.say({ what: 'birth', entry, parent: '0'.repeat(32) as EntryId, name: `file ${index}`, version })
  })
  story.views.take(...changes)
  assert.deepEqual(searchAll(story.views, 'zq'), [story.path(wanted)])
  assert.deepEqual(searchAll(story.views, '').length, 301)
  assert(limits.searchScan > 300)
})
