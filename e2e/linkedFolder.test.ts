// A linked folder on a real node: a storm of changes ends equal in the pool, also through a crash; renames move no content; deletes
// follow only where that is wished.
import assert from 'node:assert/strict'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { fileTimeMs } from '../engine/base/fileTime.ts'
import type { Entry, LinkedFolder, Page, TrashItem, Version } from '../shared/index.ts'
import { endAll, startPool, temporaryFolder, type TestNode, until } from './support/nodes.ts'

async function link(node: TestNode, path: string, deletes: boolean, folder = '/Linked'): Promise<LinkedFolder> {
  return await node.json('POST', '/v1/linked-folders', { path, folder, deletes, ignore: ['*.log'] })
}

/** Contents of all files by path, and folders as null. */
function localTree(folder: string, below = ''): Map<string, string | null> {
  const found = new Map<string, string | null>()
  for (const child of readdirSync(join(folder, below), { withFileTypes: true })) {
    const path = below === '' ? child.name : `${below}/${child.name}`
    if (/\.(?:log|tmp)$/.test(child.name)) continue
    if (child.isDirectory()) {
      found.set(path, null)
      for (const [each, content] of localTree(folder, path)) found.set(each, content)
    } else found.set(path, readFileSync(join(folder, path), 'utf8'))
  }
  return found
}

/** Sizes and times of all files by path, folders as null; contents only at the end, since reading them all takes seconds. */
async function poolTree(node: TestNode, below = 'Linked'): Promise<Map<string, Entry>> {
  const found = new Map<string, Entry>()
  for (const entry of await node.list(below)) {
    const path = `${below}/${entry.name}`
    found.set(path.slice('Linked/'.length), entry)
    if (entry.kind === 'folder') for (const [each, inside] of await poolTree(node, path)) found.set(each, inside)
  }
  return found
}

/** The first difference in words; true if there is none. */
async function compare(node: TestNode, folder: string): Promise<true | string> {
  await sleep(300)
  const [here, there] = [localTree(folder), await poolTree(node)]
  for (const [path, content] of here) {
    const entry = there.get(path)
    const modifiedMs = fileTimeMs(statSync(join(folder, path), { bigint: true }).mtimeNs)
    if (entry === undefined) return `${path} is missing`
    if (content === null ? entry.kind !== 'folder' : Date.parse(entry.modified) !== modifiedMs)
      return `${path} is older`
  }
  for (const path of there.keys()) if (!here.has(path)) return `${path} is in the pool only`
  return true
}

async function becomesEqual(node: TestNode, folder: string): Promise<void> {
  await until('equal', async () => await compare(node, folder), 90_000)
  for (const [path, content] of localTree(folder)) {
    if (content !== null) assert.equal((await node.get(`Linked/${path}`)).toString(), content, path)
  }
}

/** A random number below `count`, the same at every run. */
function chance(seed: number): (count: number) => number {
  let state = seed
  return (count) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * count)
  }
}

/** Creates, changes, renames, moves and deletes files and folders, as fast as it goes with a rest now and then. */
async function storm(folder: string, seed: number, changes: number): Promise<void> {
  const random = chance(seed)
  const folders = ['', 'A', 'B', 'B/C']
  for (const each of folders) mkdirSync(join(folder, each), { recursive: true })
  let files: string[] = []
  const made: string[] = []
  for (let at = 0; at < changes; at++) {
    const pick = () => files[random(files.length)] as string
    const kind = random(100)
    const place = folders[random(folders.length)] as string
    if (kind < 45 || files.length < 20) {
      const path = join(place, `file ${seed}-${at}.txt`)
      writeFileSync(join(folder, path), `content ${random(50)}`)
      files.push(path)
    } else if (kind < 60) appendFileSync(join(folder, pick()), ` more ${at}`)
    else if (kind < 80) {
      const from = pick()
      const to = join(place, `renamed ${seed}-${at}.txt`)
      renameSync(join(folder, from), join(folder, to))
      files = files.map((path) => (path === from ? to : path))
    } else if (kind < 95) {
      const gone = pick()
      rmSync(join(folder, gone))
      files = files.filter((path) => path !== gone)
    } else if (kind < 96) writeFileSync(join(folder, place, `run ${at}.log`), 'left alone')
    else {
      const from = join(place, `folder ${seed}-${at}`)
      mkdirSync(join(folder, from))
      mkdirSync(join(folder, from, 'deep'))
      writeFileSync(join(folder, from, 'deep/inside.txt'), `inside ${at}`)
      made.push(from)
      const old = made[random(made.length)] as string
      if (random(3) === 0) rmSync(join(folder, old), { recursive: true, force: true })
      else if (existsSync(join(folder, old))) {
        const to = join(place, `moved ${seed}-${at}`)
        renameSync(join(folder, old), join(folder, to))
        made.push(to)
      }
    }
    if (at % 25 === 0) await sleep(random(200))
  }
}

test('a storm of a thousand changes ends equal in the pool, and so does one with a crash in the middle', async (t) => {
  const nodes = await startPool(1)
  t.after(() => endAll(nodes))
  const [node] = nodes as [TestNode]
  const folder = join(temporaryFolder('hadahoop-linked-'), 'Scans')
  mkdirSync(folder)
  writeFileSync(join(folder, 'before.txt'), 'was there before')
  await link(node, folder, true)
  await storm(folder, 7, 1000)
  await becomesEqual(node, folder)

  const second = storm(folder, 8, 400)
  await sleep(1500)
  await node.kill()
  await second
  await node.restart()
  await becomesEqual(node, folder)
  // What changed under its reader is tried again after a minute.
  await until('nothing failed for good', async () => {
    const [linked] = (await node.json<Page<LinkedFolder>>('GET', '/v1/linked-folders')).items
    return (linked?.state === 'following' && linked.failed.length === 0) || JSON.stringify(linked)
  })
})

test('a rename is a rename: the entry stays, with all that is in a folder', async (t) => {
  const nodes = await startPool(1)
  t.after(() => endAll(nodes))
  const [node] = nodes as [TestNode]
  const folder = join(temporaryFolder('hadahoop-linked-'), 'Scans')
  mkdirSync(join(folder, 'Old/Deep'), { recursive: true })
  writeFileSync(join(folder, 'one.txt'), 'one')
  writeFileSync(join(folder, 'Old/Deep/two.txt'), 'two')
  await link(node, folder, true)
  await becomesEqual(node, folder)
  const at = async (path: string) => await node.json<Entry>('GET', `/v1/entries?path=/Linked/${path}`)
  const before = await Promise.all(['one.txt', 'Old', 'Old/Deep/two.txt'].map(at))
  renameSync(join(folder, 'one.txt'), join(folder, 'Old/uno.txt'))
  renameSync(join(folder, 'Old'), join(folder, 'New'))
  await becomesEqual(node, folder)
  const after = await Promise.all(['New/uno.txt', 'New', 'New/Deep/two.txt'].map(at))
  assert.deepEqual(
    after.map(({ id, version }) => [id, version]),
    before.map(({ id, version }) => [id, version]),
  )
  // What a node that is off misses it finds by looking.
  await node.stop()
  renameSync(join(folder, 'New'), join(folder, 'Newer'))
  await node.restart()
  await becomesEqual(node, folder)
  assert.equal((await at('Newer')).id, before[1]?.id)
  assert.deepEqual((await node.json<Page<TrashItem>>('GET', '/v1/trash')).items, [])
})

test('deletes follow only where that is wished, never for a folder that is away', async (t) => {
  const nodes = await startPool(1)
  t.after(() => endAll(nodes))
  const [node] = nodes as [TestNode]
  const folder = join(temporaryFolder('hadahoop-linked-'), 'Scans')
  mkdirSync(join(folder, 'Sub'), { recursive: true })
  for (let at = 0; at < 5; at++) writeFileSync(join(folder, 'Sub', `${at}.txt`), `scan ${at}`)
  const added = await node.command('links', 'add', folder, '/Linked', '--ignore', '*.log', '--json')
  const { id, deletes } = JSON.parse(added.stdout) as LinkedFolder
  assert.equal(deletes, false)
  await becomesEqual(node, folder)
  rmSync(join(folder, 'Sub/0.txt'))
  writeFileSync(join(folder, 'last.txt'), 'last')
  await until('seen', async () => (await node.list('Linked')).length === 2)
  await sleep(4000)
  assert.equal((await node.list('Linked/Sub')).length, 5)

  assert.equal((await node.json<LinkedFolder>('PATCH', `/v1/linked-folders/${id}`, { deletes: true })).deletes, true)
  renameSync(folder, `${folder} away`)
  const state = async () => (await node.json<Page<LinkedFolder>>('GET', '/v1/linked-folders')).items[0]
  await until('away', async () => (await state())?.problem?.code === 'source-unreadable')
  mkdirSync(folder)
  await sleep(6000)
  assert.equal((await state())?.state, 'failed')
  assert.equal((await node.list('Linked/Sub')).length, 5)
  rmSync(folder, { recursive: true })
  renameSync(`${folder} away`, folder)
  await until('back', async () => (await state())?.state === 'following')
  // A file that came from here and was changed in the pool is not deleted with the one here.
  await node.put('Linked/Sub/1.txt', 'written in the pool')
  rmSync(join(folder, 'Sub/1.txt'))
  rmSync(join(folder, 'Sub/2.txt'))
  await until('deleted', async () => !(await node.list('Linked/Sub')).some(({ name }) => name === '2.txt'))
  assert.equal((await node.get('Linked/Sub/1.txt')).toString(), 'written in the pool')
  const { items } = await node.json<Page<TrashItem>>('GET', '/v1/trash')
  assert.deepEqual(
    items.map(({ name }) => name),
    ['2.txt'],
  )

  assert.match(
    (await node.command('links')).stdout,
    new RegExp(`^${id.slice(0, 8)} .*Scans  /Linked  following  \\d+, deletes too`, 'm'),
  )
  assert.match((await node.command('links', 'pause', folder)).stdout, /is not followed for now/)
  assert.equal((await state())?.state, 'paused')
  assert.match((await node.command('links', 'remove', id)).stdout, /is followed no more/)
  assert.equal((await node.fetch(`/v1/linked-folders/${id}`, { method: 'DELETE' })).status, 404)
  assert.ok(statSync(join(folder, 'last.txt')).size > 0)
})

/** Versions that wait for somebody to settle them, and all there are, newest first. */
async function versionsAt(node: TestNode, path: string): Promise<{ conflict: boolean; contents: string[] }> {
  const entry = await node.json<Entry>('GET', `/v1/entries?path=${encodeURIComponent(`/${path}`)}`)
  const { items } = await node.json<Page<Version>>('GET', `/v1/entries/${entry.id}/versions`)
  const read = async (version: string) => await (await node.fetch(`/v1/files/${path}?version=${version}`)).text()
  return { conflict: entry.conflict === true, contents: await Promise.all(items.map(({ id }) => read(id))) }
}

test('what people have in the pool is never overwritten in silence: both stay until somebody decides', async (t) => {
  const nodes = await startPool(1)
  t.after(() => endAll(nodes))
  const [node] = nodes as [TestNode]
  const base = temporaryFolder('hadahoop-linked-')
  const [folder, second] = [join(base, 'Scans'), join(base, 'More scans')]
  for (const each of [folder, second]) mkdirSync(each)
  await node.put('Linked/before.txt', 'was in the pool before')
  for (const name of ['before.txt', 'edited.txt', 'again.txt']) writeFileSync(join(folder, name), `${name} from here`)
  await link(node, folder, false)
  await becomesEqual(node, folder)
  assert.deepEqual(await versionsAt(node, 'Linked/before.txt'), {
    conflict: true,
    contents: ['before.txt from here', 'was in the pool before'],
  })
  await node.put('Linked/edited.txt', 'edited in the pool')
  writeFileSync(join(folder, 'edited.txt'), 'edited here, later')
  // Without deletes a file that goes and comes again goes on from the version that it had.
  rmSync(join(folder, 'again.txt'))
  const state = async () => (await node.json<Page<LinkedFolder>>('GET', '/v1/linked-folders')).items
  await until('gone', async () => (await state())[0]?.files === 2)
  writeFileSync(join(folder, 'again.txt'), 'scanned again')
  await becomesEqual(node, folder)
  const edited = await versionsAt(node, 'Linked/edited.txt')
  assert.equal(edited.conflict, true)
  assert.deepEqual(edited.contents.slice(0, 2), ['edited here, later', 'edited in the pool'])
  assert.deepEqual(await versionsAt(node, 'Linked/again.txt'), {
    conflict: false,
    contents: ['scanned again', 'again.txt from here'],
  })
  // What a person settled is settled: the next change here follows it.
  const { id, version } = await node.json<Entry>('GET', '/v1/entries?path=/Linked/edited.txt')
  await node.json('POST', `/v1/entries/${id}/settle`, { keep: version })
  writeFileSync(join(folder, 'edited.txt'), 'edited once more')
  await becomesEqual(node, folder)
  assert.equal((await versionsAt(node, 'Linked/edited.txt')).conflict, false)

  // Two folders into one: neither takes the other's place, and what one still has the other does not delete.
  // A time that comes back from the system a few nanoseconds short.
  const longAgo = new Date(1_700_000_000_100)
  for (const each of [folder, second]) writeFileSync(join(each, 'equal.txt'), 'written at different times')
  utimesSync(join(second, 'equal.txt'), longAgo, longAgo)
  writeFileSync(join(folder, 'same.txt'), 'same')
  utimesSync(join(folder, 'same.txt'), longAgo, longAgo)
  await becomesEqual(node, folder)
  writeFileSync(join(second, 'same.txt'), 'same')
  utimesSync(join(second, 'same.txt'), longAgo, longAgo)
  writeFileSync(join(second, 'again.txt'), 'another scanner')
  await link(node, second, true)
  await until('both', async () => (await versionsAt(node, 'Linked/again.txt')).conflict)
  assert.equal((await versionsAt(node, 'Linked/equal.txt')).conflict, false)
  await until('all three', async () => (await state()).find(({ path }) => path === second)?.files === 3)
  rmSync(join(second, 'same.txt'))
  await until('gone', async () => (await state()).find(({ path }) => path === second)?.files === 2)
  assert.equal((await node.get('Linked/same.txt')).toString(), 'same')
})

test('links to folders, twins of one name and a folder made again bring nothing wrong into the pool', async (t) => {
  const nodes = await startPool(1)
  t.after(() => endAll(nodes))
  const [node] = nodes as [TestNode]
  const base = temporaryFolder('hadahoop-linked-')
  const folder = join(base, 'Scans')
  for (const name of ['Scans', 'Outside']) mkdirSync(join(base, name))
  writeFileSync(join(base, 'Outside/private.txt'), 'not linked')
  const names = ['new\nline.txt', '😀.txt', 'é.txt']
  for (const name of names) writeFileSync(join(folder, name), name)
  await link(node, folder, true)
  await becomesEqual(node, folder)
  symlinkSync('.', join(folder, 'circle'))
  symlinkSync('../Outside', join(folder, 'outside'))
  symlinkSync('é.txt', join(folder, 'link.txt'))
  writeFileSync(join(folder, 'e\u0301.txt'), 'the same name in another spelling')
  const state = async () => (await node.json<Page<LinkedFolder>>('GET', '/v1/linked-folders')).items[0]
  await until('refused', async () => (await state())?.failed.some(({ code }) => code === 'name-twin') === true)
  await until('the link', async () => (await node.list('Linked')).some(({ name }) => name === 'link.txt'))
  assert.deepEqual((await node.list('Linked')).map(({ name }) => name).toSorted(), [...names, 'link.txt'].toSorted())
  assert.deepEqual((await versionsAt(node, 'Linked/é.txt')).contents, ['é.txt'])
  // The number of the folder is often used again at once; it is another folder all the same.
  rmSync(folder, { recursive: true })
  mkdirSync(folder)
  await until('away', async () => (await state())?.problem?.code === 'source-unreadable')
  assert.equal((await node.list('Linked')).length, 4)
})

test('what the system loses of a burst of changes, a folder among it, is found as soon as it is calm', async (t) => {
  const odd = pathToFileURL(join(import.meta.dirname, 'fixtures/oddNode.mjs')).href
  const nodes = await startPool(1, {
    env: { NODE_OPTIONS: `--import=${odd}`, ODD_HEARING: 'loses what has a 0 in its name' },
  })
  t.after(() => endAll(nodes))
  const [node] = nodes as [TestNode]
  const folder = join(temporaryFolder('hadahoop-linked-'), 'Scans')
  mkdirSync(folder)
  await link(node, folder, true)
  await until(
    'it looks',
    async () => (await node.json<Page<LinkedFolder>>('GET', '/v1/linked-folders')).items[0]?.lastLookAt !== null,
  )
  for (let at = 0; at < 80; at++) writeFileSync(join(folder, `${at}.txt`), `scan ${at}`)
  mkdirSync(join(folder, 'Folder 0'))
  writeFileSync(join(folder, 'Folder 0/inside.txt'), 'inside')
  await becomesEqual(node, folder)
})
