import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type EntryId, ROOT_ENTRY } from '../../base/ids.ts'
import { RECOVERED_ENTRY } from './index.ts'
import { trashIn } from './testing/dump.ts'
import { segments } from './testing/history.ts'
import { openRow } from './testing/openViews.ts'
import { Story } from './testing/story.ts'

test('two versions with one parent are a conflict until a version names both', () => {
  const story = new Story()
  const file = story.file('a')
  const first = story.current(file)
  const mine = story.edit(file, [first], { sizeBytes: 10 })
  const theirs = story.edit(file, [first], { sizeBytes: 20 })
  const seen = story.views.entry(file)
  assert.deepEqual([seen?.version, seen?.heads, seen?.sizeBytes], [theirs, [theirs, mine], 20])
  const settled = story.edit(file, [mine, theirs])
  assert.deepEqual(story.views.entry(file)?.heads, [settled])
  const all = story.views.versions(file).map((version) => version.version)
  assert.deepEqual(all, [settled, theirs, mine, first])
  assert.deepEqual(story.views.version(mine)?.parents, [first])
})

test('a version that comes before the file it belongs to waits for it', () => {
  const story = new Story()
  const file = story.newId<EntryId>()
  const second = story.edit(file, [], { atMs: 3000 })
  assert.equal(story.views.entry(file), undefined)
  const first = story.versionOf(file, [])
  story.do({ what: 'birth', entry: file, parent: ROOT_ENTRY, name: 'a', version: first }, 2000)
  assert.deepEqual(story.views.entry(file)?.heads, [second, first.version])
})

test('a deleted file lives on when another version of it is current', () => {
  const story = new Story()
  const file = story.file('a')
  const first = story.current(file)
  story.trash(file)
  assert.equal(story.views.entry(file), undefined)
  assert.deepEqual(story.names(), [])
  story.edit(file, [first])
  assert.equal(story.path(file), '/a')
  assert.deepEqual(trashIn(story.views), [])
})

test('a deletion that names a version which is not here yet waits for it', () => {
  const story = new Story()
  const file = story.file('a')
  const second = story.versionOf(file, [story.current(file)])
  story.trash(file, undefined, second.version)
  assert.equal(story.path(file), '/a')
  story.do({ what: 'version', version: second })
  assert.equal(story.path(file), undefined)
})

test('a folder takes into the trash what was stamped before, and comes back with it', () => {
  const story = new Story()
  const folder = story.folder('f')
  const inner = story.folder('g', { parent: folder })
  const file = story.file('a', { parent: inner, sizeBytes: 7 })
  assert.deepEqual(story.views.countAll(), { files: 1, folders: 2, bytes: 7 })
  story.trash(folder)
  assert.deepEqual(story.names(), [])
  for (const id of [folder, inner, file]) assert.equal(story.views.entry(id), undefined)
  assert.deepEqual(trashIn(story.views), [folder])
  assert.deepEqual(story.views.countAll(), { files: 0, folders: 0, bytes: 0 })
  const item = story.views.trashed(folder)
  assert.equal(item?.formerPath, '/f')
  assert.equal(story.views.trashed(file), undefined)
  story.restore(folder)
  assert.equal(story.path(file), '/f/g/a')
  assert.deepEqual(story.views.countAll(), { files: 1, folders: 2, bytes: 7 })
})

test('what came into a folder after its deletion shows under /Recovered, with all inside', () => {
  const story = new Story()
  const folder = story.folder('f')
  const inner = story.folder('g', { parent: folder })
  const moved = story.folder('m')
  const inMoved = story.file('in m', { parent: moved })
  story.trash(folder, 5000)
  const late = story.file('late', { parent: inner, atMs: 6000 })
  story.move(moved, inner, 'moved', 6001)
  assert.equal(story.path(late), '/Recovered/late')
  assert.equal(story.views.entry(late)?.parent, ROOT_ENTRY)
  assert.equal(story.path(inMoved), '/Recovered/moved/in m')
  assert.deepEqual(story.names(), ['Recovered'])
  const recovered = story.at('/Recovered')
  assert.deepEqual([recovered.id, recovered.ids, recovered.kind], [RECOVERED_ENTRY, [], 'folder'])
  story.restore(folder)
  assert.equal(story.path(late), '/f/g/late')
  assert.equal(story.path(inMoved), '/f/g/moved/in m')
  assert.deepEqual(story.names(), ['f'])
  assert.equal(story.views.at(['Recovered']), undefined)
})

test('a file edited after its folder was deleted shows under /Recovered', () => {
  const story = new Story()
  const folder = story.folder('f')
  const file = story.file('a', { parent: folder })
  const first = story.current(file)
  story.trash(folder, 5000)
  story.edit(file, [first], { atMs: 6000 })
  assert.equal(story.path(file), '/Recovered/a')
})

test('an entry restored after the folder around it was deleted shows under /Recovered', () => {
  const story = new Story()
  const folder = story.folder('f')
  const file = story.file('a', { parent: folder })
  story.trash(file)
  story.trash(folder)
  assert.deepEqual(trashIn(story.views), [folder, file])
  story.restore(file)
  assert.equal(story.path(file), '/Recovered/a')
})

test('the trash says where things were, as the folders above are called now', () => {
  const story = new Story()
  const outer = story.folder('outer')
  const folder = story.folder('f', { parent: outer })
  const file = story.file('a', { parent: folder })
  const lost = story.folder('lost', { parent: story.newId<EntryId>() })
  const inLost = story.file('b', { parent: lost })
  const orphan = story.file('c', { parent: story.newId<EntryId>() })
  for (const id of [file, inLost, orphan]) story.trash(id)
  story.move(outer, ROOT_ENTRY, 'renamed')
  story.trash(folder)
  const paths = story.views.trash({ limit: 10, cursor: null }).items.map((item) => item.formerPath)
  assert.deepEqual(paths, ['/renamed/f', '/Recovered/c', '/Recovered/lost/b', '/renamed/f/a'])
  story.trash(outer)
  assert.equal(story.views.trashed(file)?.formerPath, '/renamed/f/a')
  const item = story.views.trashed(file)
  assert.deepEqual([item?.entry.id, item?.entry.parent, item?.entry.sizeBytes], [file, folder, 1])
})

test('a later deletion takes what an earlier one had left', () => {
  const story = new Story()
  const folder = story.folder('f')
  story.trash(folder, 5000)
  const late = story.file('late', { parent: folder, atMs: 6000 })
  assert.equal(story.path(late), '/Recovered/late')
  story.trash(folder, 7000)
  assert.equal(story.path(late), undefined)
  assert.deepEqual(story.names(), [])
})

test('what has an unknown parent shows under /Recovered until the parent comes', () => {
  const story = new Story()
  const parent = story.newId<EntryId>()
  const file = story.file('a', { parent, atMs: 4000 })
  const folder = story.folder('b', { parent, atMs: 4001 })
  const inner = story.file('c', { parent: folder, atMs: 4002 })
  assert.equal(story.path(inner), '/Recovered/b/c')
  story.do({ what: 'birth', entry: parent, parent: ROOT_ENTRY, name: 'p', version: null }, 3000)
  assert.deepEqual(
    [file, inner].map((id) => story.path(id)),
    ['/p/a', '/p/b/c'],
  )
  assert.deepEqual(story.names(), ['p'])
})

test('a deleted parent that comes last takes what it may and leaves what came later', () => {
  const story = new Story()
  const parent = story.newId<EntryId>()
  story.trash(parent, 5000, null)
  const inner = story.folder('inner', { parent, atMs: 4000 })
  const old = story.file('old', { parent: inner, atMs: 4001 })
  const late = story.file('late', { parent: inner, atMs: 6000 })
  assert.equal(story.path(late), '/Recovered/inner/late')
  story.do({ what: 'birth', entry: parent, parent: ROOT_ENTRY, name: 'p', version: null }, 3000)
  assert.deepEqual(
    [inner, old, late].map((id) => story.path(id)),
    [undefined, undefined, '/Recovered/late'],
  )
  story.views.transact(() => story.views.forgetEntry(parent))
  assert.deepEqual(
    [old, late].map((id) => story.path(id)),
    ['/Recovered/inner/old', '/Recovered/inner/late'],
  )
})

test('a folder made in work that was undone leaves no memory of its fate', () => {
  const story = new Story()
  const { views } = story
  const [lost, waiting] = [story.newId<EntryId>(), story.newId<EntryId>()]
  const file = story.newId<EntryId>()
  views.database.exec('BEGIN; SAVEPOINT work')
  views.mark()
  views.apply(openRow(story.say({ what: 'birth', entry: lost, parent: ROOT_ENTRY, name: 'f', version: null })))
  const inLost = story.versionOf(file, [])
  views.apply(openRow(story.say({ what: 'birth', entry: file, parent: lost, name: 'a', version: inLost })))
  views.database.exec('ROLLBACK TO work')
  views.undo()
  views.mark()
  // Takes the number that the folder had; nothing is known of it but that it is a parent.
  const version = story.versionOf(file, [])
  views.apply(openRow(story.say({ what: 'birth', entry: file, parent: waiting, name: 'a', version })))
  views.database.exec('COMMIT')
  views.commit()
  assert.equal(story.path(file), '/Recovered/a')
})

test('a parent that only undone work spoke of leaves no memory either', () => {
  const story = new Story()
  const { views } = story
  const birth = (entry: EntryId, parent: EntryId, isFile: boolean) =>
    views.apply(
      openRow(
        story.say({ what: 'birth', entry, parent, name: 'x', version: isFile ? story.versionOf(entry, []) : null }),
      ),
    )
  views.database.exec('BEGIN; SAVEPOINT work')
  views.mark()
  birth(story.newId<EntryId>(), story.newId<EntryId>(), true)
  views.database.exec('ROLLBACK TO work')
  views.undo()
  views.mark()
  const folder = story.newId<EntryId>()
  const file = story.newId<EntryId>()
  birth(folder, ROOT_ENTRY, false)
  birth(file, folder, true)
  views.database.exec('COMMIT')
  views.commit()
  assert.equal(story.path(file), '/x/x')
})

test('in a circle of concurrent moves the smallest id shows under /Recovered, until it is broken', () => {
  const story = new Story()
  const one = story.folder('one', { id: '1' })
  const two = story.folder('two', { id: '2' })
  const three = story.folder('three', { id: '3' })
  const file = story.file('a', { parent: three })
  story.move(three, two, 'three')
  story.move(two, one, 'two')
  story.move(one, three, 'one')
  assert.equal(story.path(file), '/Recovered/one/two/three/a')
  assert.deepEqual(story.views.countAll(), { files: 1, folders: 3, bytes: 1 })
  story.move(two, ROOT_ENTRY, 'two')
  assert.equal(story.path(file), '/two/three/a')
  assert.equal(story.path(one), '/two/three/one')
  assert.deepEqual(story.names(), ['two'])
})

test('a member of a circle that turns out to be a file opens it, and places never form a circle meanwhile', () => {
  const story = new Story()
  const one = story.folder('one', { id: '1' })
  const two = story.folder('two', { id: '2' })
  const three = story.folder('three', { id: '3' })
  story.policy(two, 3)
  story.move(two, three, 'two')
  story.move(one, two, 'one')
  story.move(three, one, 'three')
  assert.equal(story.path(two), '/Recovered/one/three/two')
  story.do({ what: 'birth', entry: three, parent: ROOT_ENTRY, name: 'three', version: story.versionOf(three, []) })
  assert.deepEqual(
    [one, two, three].map((id) => story.path(id)),
    ['/Recovered/two/one', '/Recovered/two', '/Recovered/two/one/three'],
  )
  assert.deepEqual(story.views.countAll(), { files: 1, folders: 2, bytes: 1 })
})

test('a folder that turns out to be a file within what was in it lets that go first', () => {
  const story = new Story()
  const outer = story.folder('outer')
  const inner = story.folder('inner', { parent: outer })
  story.do({ what: 'birth', entry: outer, parent: inner, name: 'outer', version: story.versionOf(outer, []) })
  assert.deepEqual([story.path(inner), story.path(outer)], ['/Recovered/inner', '/Recovered/inner/outer'])
})

test('moving or deleting a folder of thousands touches its own row only', () => {
  const story = new Story()
  const folder = story.folder('f')
  const inner = story.folder('g', { parent: folder })
  const other = story.folder('other')
  const changes = Array.from({ length: 3000 }, (_, index) => {
    const entry = story.newId<EntryId>()
    const version = story.versionOf(entry, [])
    return story.say({ what: 'birth', entry, parent: inner, name: `file ${index}`, version })
  })
  story.views.take(...changes)
  story.views.countAll()
  const touched = story.views.database.prepare('SELECT total_changes()').pluck()
  const before = touched.get<number>() ?? 0
  story.move(folder, other, 'moved')
  story.trash(folder)
  story.restore(folder)
  assert((touched.get<number>() ?? 0) - before < 12)
  assert.equal(story.views.countAll().files, 3000)
  assert.equal(story.at('/other/moved/g/file 2999').kind, 'file')
})

test('a deletion that arrives after a thousand later entries sends those to /Recovered, a restore brings them back', () => {
  const story = new Story()
  const outer = story.folder('outer', { atMs: 2000 })
  const folder = story.folder('f', { parent: outer, atMs: 2000 })
  const old = story.file('old', { parent: folder, atMs: 2000 })
  const lateFolder = story.folder('late', { parent: folder, atMs: 6000 })
  const inLate = story.file('in late', { parent: lateFolder, atMs: 2000 })
  const changes = Array.from({ length: 1100 }, (_, index) => {
    const entry = story.newId<EntryId>()
    const version = story.versionOf(entry, [])
    return story.say({ what: 'birth', entry, parent: folder, name: `file ${index}`, version }, 6000)
  })
  story.views.take(...changes)
  const total = { files: 1102, folders: 3, bytes: 1102 }
  assert.deepEqual(story.views.countAll(), total)
  story.trash(outer, 5000)
  assert.deepEqual(story.views.countAll(), { files: 1101, folders: 1, bytes: 1101 })
  assert.equal(story.path(inLate), '/Recovered/late/in late')
  assert.equal(story.at('/Recovered/file 1099').kind, 'file')
  assert.equal(story.path(old), undefined)
  story.restore(outer)
  assert.deepEqual(story.views.countAll(), total)
  assert.equal(story.path(inLate), '/outer/f/late/in late')
  assert.equal(story.views.at(['Recovered']), undefined)
})

test('isWithin follows places, also through folders that show as one', () => {
  const story = new Story()
  const one = story.folder('f')
  const two = story.folder('f')
  const file = story.file('a', { parent: two })
  assert.deepEqual(
    [one, two, file, ROOT_ENTRY].map((id) => story.views.isWithin(file, id)),
    [true, true, true, true],
  )
  assert.equal(story.views.isWithin(one, file), false)
  assert.equal(story.views.isWithin(story.newId<EntryId>(), ROOT_ENTRY), false)
})

test('counting inside a folder stops where it is told', () => {
  const story = new Story()
  const folder = story.folder('f')
  const inner = story.folder('g', { parent: folder })
  for (let index = 0; index < 5; index++) story.file(`a${index}`, { parent: inner, sizeBytes: 3 })
  const view = story.at('/f')
  assert.deepEqual(story.views.countWithin(view), { entries: 6, bytes: 15 })
  assert.equal(story.views.countWithin(view, 3).entries, 3)
  assert.deepEqual(story.views.countWithin(view, 100), { entries: 6, bytes: 15 })
  const sums = [...story.views.walkWithin(view)]
  assert.deepEqual(
    [
      sums.reduce((sum, { files, folders }) => sum + files + folders, 0),
      sums.reduce((sum, { bytes }) => sum + bytes, 0),
    ],
    [6, 15],
  )
  const paths = [...story.views.filesWithin(view)].map((each) => each.path)
  assert.deepEqual(
    paths.sort(),
    [0, 1, 2, 3, 4].map((index) => `/f/g/a${index}`),
  )
})

test('a depth of 2,000 folders is read and moved without recursion', () => {
  const story = new Story()
  let parent = ROOT_ENTRY
  const top = story.folder('top')
  parent = top
  for (let depth = 0; depth < 2000; depth++) parent = story.folder('d', { parent })
  const file = story.file('a', { parent })
  assert.equal(story.path(file), `/top${'/d'.repeat(2000)}/a`)
  story.trash(top)
  assert.equal(story.path(file), undefined)
})

test('takeChanged names what changed, once, and says all after a flood', () => {
  const story = new Story()
  const folder = story.folder('f')
  const file = story.file('a', { parent: folder })
  assert.deepEqual(story.views.takeChanged(), [folder, file])
  assert.deepEqual(story.views.takeChanged(), [])
  story.trash(folder, 5000)
  story.views.takeChanged()
  story.move(file, folder, 'b', 6000)
  assert.deepEqual(story.views.takeChanged(), [file])
  for (let index = 0; index < 1001; index++) story.file(`x${index}`)
  assert.equal(story.views.takeChanged(), 'all')
})

test('a version is complete when its row and all its segments are here', () => {
  const story = new Story()
  const [one, two] = segments
  assert(one !== undefined && two !== undefined)
  const empty = story.current(story.file('empty'))
  assert.deepEqual(story.views.takeCompleted(), [empty])
  story.views.transact(() => story.views.addSegment(one))
  const file = story.file('a', { segments: [one, two] })
  assert.deepEqual(story.views.takeCompleted(), [])
  assert.deepEqual(story.views.missingSegments(10), [two.id])
  assert.deepEqual(
    [one, two].map((each) => story.views.lacks(each.id)),
    [false, true],
  )
  story.views.transact(() => story.views.addSegment(two))
  assert.deepEqual(story.views.takeCompleted(), [story.current(file)])
  assert.deepEqual(story.views.missingSegments(10), [])
})
