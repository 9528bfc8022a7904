// Imports on real nodes: a tree is taken in at its own pace, survives kill -9 in the middle, and ends complete and equal.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { appendFileSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import type { Activity, Page, Transfer, TransferPage } from '../shared/index.ts'
import { endAll, startPool, type TestNode, temporaryFolder, until } from './support/nodes.ts'

const fileCount = 2000

/** Some thousand small files in folders, a few larger ones and one large one; by path below the folder their SHA-256. */
function makeTree(folder: string): Map<string, string> {
  const hashes = new Map<string, string>()
  const add = (path: string, bytes: Buffer) => {
    mkdirSync(join(folder, path, '..'), { recursive: true })
    writeFileSync(join(folder, path), bytes)
    hashes.set(path, createHash('sha256').update(bytes).digest('hex'))
  }
  for (let at = 0; at < fileCount; at++) {
    add(`Rooms/${at % 20}/Größe ${at}.txt`, Buffer.from(`content ${at} `.repeat(at % 300)))
  }
  for (let at = 0; at < 5; at++) add(`Large/${at}.bin`, noise(at, 3_000_000))
  add('Large/one.bin', noise(77, 60_000_000))
  mkdirSync(join(folder, 'Empty/Inside'), { recursive: true })
  return hashes
}

/** Bytes that do not compress, the same at every run. */
function noise(seed: number, sizeBytes: number): Buffer {
  const bytes = Buffer.alloc(sizeBytes)
  let state = seed + 1
  for (let at = 0; at + 4 <= sizeBytes; at += 4) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    bytes.writeUInt32LE((state ^ (state >>> 13)) >>> 0, at)
  }
  return bytes
}

async function transfer(node: TestNode, id: string): Promise<Transfer> {
  return await node.json<Transfer>('GET', `/v1/transfers/${id}`)
}

async function ended(node: TestNode, id: string, state: Transfer['state'] = 'done'): Promise<Transfer> {
  let seen = await transfer(node, id)
  await until(
    state,
    async () => {
      seen = await transfer(node, id)
      return seen.state === state || JSON.stringify({ ...seen, failed: seen.failed.slice(0, 3) })
    },
    120_000,
  )
  return seen
}

async function expectEqual(node: TestNode, folder: string, hashes: ReadonlyMap<string, string>): Promise<void> {
  const found = new Map<string, string>()
  const walk = async (path: string): Promise<void> => {
    for (const entry of await node.list(path)) {
      const below = `${path}/${entry.name}`
      if (entry.kind === 'folder') await walk(below)
      else {
        const bytes = await node.get(below)
        found.set(below.slice(folder.length + 1), createHash('sha256').update(bytes).digest('hex'))
      }
    }
  }
  await walk(folder)
  assert.equal(found.size, hashes.size)
  for (const [path, hash] of hashes) assert.equal(found.get(path), hash, path)
}

test('an import survives kill -9 in the middle and ends complete and equal; a second one skips everything', async (t) => {
  const nodes = await startPool(2)
  t.after(() => endAll(nodes))
  const [first, second] = nodes as [TestNode, TestNode]
  const folder = join(temporaryFolder('hadahoop-tree-'), 'Practice')
  const hashes = makeTree(folder)
  const { id } = await first.json<{ id: string }>('POST', '/v1/imports', { paths: [folder], folder: '/Imported' })
  await until('in the middle', async () => {
    const { filesDone, state } = await transfer(first, id)
    assert.equal(state, 'running')
    return filesDone > fileCount / 5 || `${filesDone} files`
  })
  await first.kill()
  await first.restart()
  const done = await ended(first, id)
  assert.equal(done.filesDone, hashes.size)
  assert.equal(done.filesTotal, hashes.size)
  assert.equal(done.bytesDone, done.bytesTotal)
  assert.ok(done.filesSkipped > fileCount / 10, `${done.filesSkipped} were not stored again`)
  await until('protected', async () => (await transfer(first, id)).phase === 'protected')
  await expectEqual(second, 'Imported/Practice', hashes)
  assert.deepEqual(
    (await second.list('Imported/Practice/Empty')).map(({ name }) => name),
    ['Inside'],
  )

  const { stdout } = await first.command('put', '--background', folder, '/Imported/', '--json')
  const again = JSON.parse(stdout) as { id: string }
  const skipped = await ended(first, again.id)
  assert.equal(skipped.filesSkipped, hashes.size)
  assert.deepEqual(
    (await first.json<TransferPage>('GET', '/v1/transfers')).items.map((each) => each.id),
    [again.id, id],
  )
})

test('people pause, resume, cancel and retry; a pause outlasts a restart', async (t) => {
  const nodes = await startPool(1)
  t.after(() => endAll(nodes))
  const [node] = nodes as [TestNode]
  const folder = join(temporaryFolder('hadahoop-tree-'), 'Practice')
  const hashes = makeTree(folder)
  const steer = async (id: string, action: string) =>
    (await node.fetch(`/v1/transfers/${id}/${action}`, { method: 'POST' })).status
  const { id } = await node.json<{ id: string }>('POST', '/v1/imports', { paths: [folder], folder: '/' })
  await until('in the middle', async () => (await transfer(node, id)).filesDone > 100)
  assert.equal(await steer(id, 'retry'), 409)
  assert.equal((await node.fetch(`/v1/transfers/${id}`, { method: 'DELETE' })).status, 409)
  assert.equal(await steer(id, 'pause'), 200)
  assert.equal(await steer(id, 'pause'), 409)
  await node.stop()
  await node.restart()
  assert.equal((await transfer(node, id)).state, 'paused')
  const events = await listen(node)
  const begunMs = performance.now()
  const { filesDone, filesTotal } = await transfer(node, id)
  assert.ok(filesDone > 100 && filesDone < filesTotal, `${filesDone} of ${filesTotal}`)
  const before = (await node.json<{ files: number }>('GET', '/v1/pool')).files
  assert.equal(await steer(id, 'resume'), 200)
  await until('it goes on', async () => (await node.json<{ files: number }>('GET', '/v1/pool')).files > before)
  assert.equal(await steer(id, 'cancel'), 200)
  assert.equal(await steer(id, 'retry'), 200)
  // A command takes a second to start, a fast machine a few for the whole import: it stands still meanwhile.
  assert.equal(await steer(id, 'pause'), 200)
  const listed = await node.command('transfers')
  assert.match(listed.stdout, new RegExp(`^${id.slice(0, 8)}  Practice .* paused .* of `, 'm'))
  assert.equal((await node.command('transfers', 'cancel', id.slice(0, 6))).stdout, 'Practice is cancelled.\n')
  assert.equal(await steer(id, 'resume'), 409)
  assert.equal(await steer(id, 'cancel'), 409)
  assert.equal(await steer(id, 'retry'), 200)
  const done = await ended(node, id)
  assert.equal(done.filesDone, hashes.size)
  // One machine alone has no second copy to give; nothing waits for one either.
  assert.equal(done.phase, 'copying')
  assert.equal(done.filesCopying, hashes.size)
  assert.deepEqual((await node.json<TransferPage>('GET', '/v1/transfers')).uncopied, { files: 0, bytes: 0 })
  await expectEqual(node, 'Practice', hashes)
  const tookSeconds = (performance.now() - begunMs) / 1000
  const heard = events()
  assert.ok(heard.length > 2 && heard.length < 5 * tookSeconds, `${heard.length} events in ${tookSeconds} s`)
  assert.equal((await node.fetch(`/v1/transfers/${id}`, { method: 'DELETE' })).status, 204)
  assert.equal((await node.fetch(`/v1/transfers/${id}`)).status, 404)
  assert.equal(await steer(id, 'retry'), 404)
})

/** Listens to events of transfers until the node stops; the answer gives their data. */
async function listen(node: TestNode): Promise<() => string[]> {
  const response = await node.fetch('/v1/events')
  let text = ''
  const reading = (async () => {
    for await (const part of response.body as AsyncIterable<Uint8Array>) text += Buffer.from(part).toString()
  })()
  reading.catch(() => undefined)
  return () => [...text.matchAll(/event: transfer\ndata: (.*)/g)].map(([, data]) => data as string)
}

test('what cannot be stored fails by name and the rest is stored; a retry stores what was mended', async (t) => {
  const nodes = await startPool(1)
  t.after(() => endAll(nodes))
  const [node] = nodes as [TestNode]
  const base = temporaryFolder('hadahoop-odd-')
  const folder = join(base, 'Odd')
  mkdirSync(join(folder, 'Sub'), { recursive: true })
  writeFileSync(join(folder, 'good.txt'), 'good')
  writeFileSync(join(folder, 'Sub/x'), 'x')
  symlinkSync('good.txt', join(folder, 'link.txt'))
  symlinkSync('.', join(folder, 'round'))
  symlinkSync('nowhere', join(folder, 'broken'))
  execFileSync('mkfifo', [join(folder, 'pipe')])
  writeFileSync(join(folder, 'Gr\u00fc\u00dfe'), 'one')
  writeFileSync(join(folder, 'Gru\u0308\u00dfe'), 'two')
  symlinkSync(node.dataFolder, join(folder, 'Sub/data'))
  await node.put('In/Odd/Sub', 'a file where a folder is to be')
  const growing = join(folder, 'growing.bin')
  writeFileSync(growing, noise(1, 8_000_000))
  const writer = setInterval(() => appendFileSync(growing, 'more'), 2)
  t.after(() => clearInterval(writer))

  const start = async (paths: string[], status = 202) => {
    const response = await node.fetch('/v1/imports', {
      method: 'POST',
      body: JSON.stringify({ paths, folder: '/In' }),
      headers: { 'content-type': 'application/json' },
    })
    assert.equal(response.status, status, await response.clone().text())
    return ((await response.json()) as { id: string }).id
  }
  await start([join(base, 'missing')], 404)
  await start(['relative'], 400)
  const id = await start([folder])
  const failed = await ended(node, id, 'failed')
  const codes = Object.fromEntries(failed.failed.map(({ path, code }) => [path.slice(folder.length + 1), code]))
  const twin = Object.keys(codes).find((name) => name.startsWith('Gr')) ?? ''
  assert.deepEqual(codes, {
    ...{ Sub: 'wrong-kind', pipe: 'special-file', 'growing.bin': 'source-changed' },
    ...{ [twin]: 'name-twin' },
  })
  assert.equal(failed.error?.code, 'some-failed')
  assert.equal(failed.filesLeftOut, 2)
  const { items: happened } = await node.json<Page<Activity>>('GET', '/v1/activity')
  assert.equal(
    happened.find(({ code }) => code === 'import-failed')?.text,
    'Odd was not wholly imported: 3 files stored, 4 files not.',
  )
  assert.equal(failed.filesFailed, 4)
  const names = async (path: string) => (await node.list(path)).map(({ name }) => name.normalize('NFC')).sort()
  assert.deepEqual(await names('In/Odd'), ['Grü\u00dfe', 'Sub', 'good.txt', 'link.txt'])

  clearInterval(writer)
  rmSync(join(folder, 'pipe'))
  rmSync(join(folder, twin))
  await node.fetch('/v1/files/In/Odd/Sub', { method: 'DELETE' })
  await node.fetch(`/v1/transfers/${id}/retry`, { method: 'POST' })
  const done = await ended(node, id)
  assert.deepEqual(done.failed, [])
  assert.deepEqual(await names('In/Odd'), ['Grü\u00dfe', 'Sub', 'good.txt', 'growing.bin', 'link.txt'])
  // The data folder, to which a link leads, was left out.
  assert.deepEqual(await names('In/Odd/Sub'), ['x'])

  rmSync(folder, { recursive: true })
  await node.fetch('/v1/transfers', { method: 'DELETE' })
  assert.deepEqual((await node.json<TransferPage>('GET', '/v1/transfers')).items, [])
})

test('without room an import fails, and ends when there is room again', async (t) => {
  const nodes = await startPool(1, { args: ['--quota', '20MB'] })
  t.after(() => endAll(nodes))
  const [node] = nodes as [TestNode]
  const folder = join(temporaryFolder('hadahoop-tree-'), 'Large')
  mkdirSync(folder)
  for (let at = 0; at < 40; at++) writeFileSync(join(folder, `${at}`), noise(at, 1_000_000))
  const { id } = await node.json<{ id: string }>('POST', '/v1/imports', { paths: [folder], folder: '/' })
  const failed = await ended(node, id, 'failed')
  assert.equal(failed.error?.code, 'quota-full')
  assert.ok(failed.filesDone > 0 && failed.filesDone < 40, `${failed.filesDone}`)
  await node.json('PATCH', `/v1/nodes/${node.nodeId}`, { quotaBytes: 200_000_000 })
  await until('room', async () => {
    const { status } = await node.fetch('/v1/files/probe', {
      method: 'PUT',
      body: new Uint8Array(noise(99, 1_000_000)),
    })
    return status < 300 || `${status}`
  })
  await node.fetch(`/v1/transfers/${id}/retry`, { method: 'POST' })
  const done = await ended(node, id)
  assert.equal(done.filesDone, 40)
  assert.equal(done.error, undefined)
})
