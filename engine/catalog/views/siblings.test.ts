import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decorateName, digitsInName, foldName, keyOfName } from './names.ts'
import { Story } from './testing/story.ts'

test('names fold without regard to case, and NFC and NFD are one name', () => {
  assert.equal(keyOfName('e\u0301'), '\u00e9')
  assert.equal(foldName('E\u0301A'), '\u00e9a')
  assert.equal(foldName('STRASSE'), foldName('stra\u00dfe'))
  assert.equal(foldName('\u039f\u0394\u039f\u03a3'), foldName('\u03bf\u03b4\u03bf\u03c2'))
  assert.equal(foldName('a\nB'), 'a\nb')
})

test('digits go before the extension, never into a name that begins with a dot or into a folder name', () => {
  assert.equal(decorateName('report.txt', '3fa2', false), 'report (3fa2).txt')
  assert.equal(decorateName('report.txt', '3fa2', true), 'report.txt (3fa2)')
  assert.equal(decorateName('.profile', '3fa2', false), '.profile (3fa2)')
  assert.equal(decorateName('a.tar.gz', '3fa2', false), 'a.tar (3fa2).gz')
  const sentence = `Mr. ${'x'.repeat(60)}`
  assert.equal(decorateName(sentence, '3fa2', false), `${sentence} (3fa2)`)
  assert.deepEqual(digitsInName('report (3fa2).txt'), ['3fa2'])
  assert.deepEqual(digitsInName('b (aaaa).txt (5651)'), ['aaaa', '5651'])
  assert.deepEqual(digitsInName('report (12).txt'), [])
})

test('a decorated name keeps 255 bytes and whole characters', () => {
  for (const name of [
    `${'x'.repeat(251)}.txt`,
    `${'\u00e9'.repeat(125)}x.txt`,
    '\u{1f600}'.repeat(63),
    '\u8a9e'.repeat(85),
  ]) {
    const decorated = decorateName(name, '3fa2', false)
    assert(Buffer.byteLength(decorated) <= 255 && Buffer.byteLength(decorated) > 248, decorated)
    assert(decorated.isWellFormed() && !decorated.includes('\ufffd'))
    assert(decorated.includes(' (3fa2)'))
  }
})

test('of equal names the earliest is plain, the others are addressed with digits of their ids', () => {
  const story = new Story()
  const second = story.file('r.txt', { id: '3fa21', atMs: 2001 })
  const first = story.file('r.txt', { id: 'bbbb', atMs: 2000 })
  const third = story.file('r.txt', { id: '3fa22', atMs: 2002 })
  assert.equal(story.path(first), '/r.txt')
  assert.equal(story.path(second), '/r (3fa21).txt')
  assert.equal(story.path(third), '/r (3fa22).txt')
  for (const id of [first, second, third]) assert.equal(story.at(story.path(id) as string).id, id)
  assert.equal(story.views.at(['r (3fa2).txt']), undefined)
  story.trash(first)
  assert.equal(story.path(second), '/r.txt')
})

test('digits avoid a file that is really called so', () => {
  const story = new Story()
  story.file('r.txt', { id: 'aaaa', atMs: 2000 })
  const second = story.file('r.txt', { id: '3fa2', atMs: 2001 })
  assert.equal(story.path(second), '/r (3fa2).txt')
  const real = story.file('R (3FA2).txt'.toLowerCase(), { atMs: 2002 })
  assert.equal(story.path(real), '/r (3fa2).txt')
  assert.equal(story.path(second), `/r (${second.slice(0, 5)}).txt`)
})

test('two long equal names, cut, are found under what they are shown as', () => {
  const story = new Story()
  const name = `${'\u00e9'.repeat(125)}.txt`
  story.file(name, { atMs: 2000 })
  const other = story.file(name, { id: 'c0de', atMs: 2001 })
  const path = story.path(other) as string
  assert(path.endsWith(' (c0de).txt'))
  assert.equal(story.at(path).id, other)
})

test('NFC and NFD name one place, and the first spelling is shown', () => {
  const story = new Story()
  const nfd = story.folder('e\u0301', { atMs: 2000 })
  const nfc = story.folder('\u00e9', { atMs: 2001 })
  const file = story.file('a', { parent: nfc })
  assert.deepEqual(story.names(), ['e\u0301'])
  const view = story.at('/\u00e9')
  assert.deepEqual(view.ids, [nfd, nfc])
  assert.equal(story.path(file), '/e\u0301/a')
  assert.equal(story.at('/\u00e9/a').id, file)
})

test('case twins are two entries, both flagged', () => {
  const story = new Story()
  const small = story.file('readme')
  assert.equal(story.views.entry(small)?.caseTwin, false)
  const large = story.file('README')
  assert.deepEqual(story.names().sort(), ['README', 'readme'])
  for (const id of [small, large]) assert.equal(story.views.entry(id)?.caseTwin, true)
  assert.equal(story.at('/README').id, large)
})

test('folders of one name show as one with all that is in them, and their inner folders too', () => {
  const story = new Story()
  const one = story.folder('f', { atMs: 2001 })
  const two = story.folder('f', { atMs: 2000 })
  const innerOne = story.folder('g', { parent: one })
  const innerTwo = story.folder('g', { parent: two })
  const a = story.file('a', { parent: innerOne })
  const b = story.file('b', { parent: innerTwo })
  const equal = story.file('a', { parent: innerTwo, id: '3fa2' })
  assert.deepEqual(story.names(), ['f'])
  assert.deepEqual(story.views.entry(one)?.ids, [two, one])
  assert.equal(story.views.entry(one)?.id, two)
  assert.deepEqual(story.names(two), ['g'])
  assert.deepEqual(story.names(innerOne).sort(), ['a', 'a (3fa2)', 'b'])
  assert.deepEqual(
    [a, b, equal].map((id) => story.path(id)),
    ['/f/g/a', '/f/g/b', '/f/g/a (3fa2)'],
  )
  for (const id of [a, b, equal]) assert.equal(story.at(story.path(id) as string).id, id)
})

test('a file and folders of one name: the earliest is plain', () => {
  const story = new Story()
  const file = story.file('x', { atMs: 2000 })
  const folder = story.folder('x', { atMs: 2001, id: 'abcd' })
  const inside = story.file('a', { parent: folder })
  assert.equal(story.path(file), '/x')
  assert.equal(story.path(inside), '/x (abcd)/a')
  assert.equal(story.views.at(['x', 'a']), undefined)
  assert.equal(story.at('/x (abcd)/a').id, inside)
})

test('a folder that people called Recovered shows as one with /Recovered', () => {
  const story = new Story()
  const own = story.folder('Recovered')
  const file = story.file('a', { parent: own })
  const lost = story.file('b', { parent: story.newId() })
  const view = story.at('/Recovered')
  assert.deepEqual([view.id, view.ids], [own, [own]])
  assert.deepEqual(story.names(own), ['a', 'b'])
  assert.deepEqual(
    [file, lost].map((id) => story.path(id)),
    ['/Recovered/a', '/Recovered/b'],
  )
})
