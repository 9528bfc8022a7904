import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { mkdir, open } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { isEngineError } from '../base/error.ts'
import { MiB } from '../limits.ts'
import { codedDiskError, createDisk, renameStubborn } from './disk.ts'
import { systemRandom } from './random.ts'
import { testFolder } from './testFolder.ts'

const coded = (code: string) => (error: unknown) => isEngineError(error, code)

test('what is written is read back, folders are made, and nothing else is left', async () => {
  using folder = testFolder()
  const disk = createDisk(folder.path)
  const data = systemRandom.bytes(3 * MiB + 1)
  await disk.writeDurable('chunks/ab/cd/one', data)
  await disk.write('chunks/ab/cd/two', data.subarray(0, 5))
  await disk.writeDurable('chunks/ab/cd/two', data.subarray(0, 3))
  await disk.write('empty', Buffer.alloc(0))
  assert.deepEqual(await disk.read('chunks/ab/cd/one'), data)
  assert.deepEqual(await disk.read('chunks/ab/cd/two'), data.subarray(0, 3))
  assert.equal((await disk.read('empty')).length, 0)
  assert.equal(await disk.sizeBytes('chunks/ab/cd/one'), data.length)
  assert.deepEqual(readdirSync(join(folder.path, 'chunks/ab/cd')), ['one', 'two'])
  assert.deepEqual(await disk.list('chunks/ab/cd'), ['one', 'two'])
  assert.deepEqual(await disk.list(''), ['chunks', 'empty'])
  assert.deepEqual(await disk.list('nowhere'), [])
  await disk.remove('chunks/ab/cd/one')
  assert.deepEqual(await disk.list('chunks/ab/cd'), ['two'])
  assert((await disk.freeBytes()) > MiB)
})

test('shared memory is written as it is', async () => {
  using folder = testFolder()
  const disk = createDisk(folder.path)
  const shared = new Uint8Array(new SharedArrayBuffer(64), 8, 40)
  shared.set(Array.from(shared.keys()))
  await disk.writeDurable('shared', shared)
  assert.deepEqual(await disk.read('shared'), Buffer.from(Array.from(shared)))
})

test('many writes at once into new folders all arrive', async () => {
  using folder = testFolder()
  const disk = createDisk(folder.path)
  const paths = Array.from({ length: 60 }, (_, index) => `deep/${index % 3}/${index % 7}/${index}`)
  await Promise.all(paths.map((path) => disk.writeDurable(path, Buffer.from(path))))
  for (const path of paths) assert.equal((await disk.read(path)).toString(), path)
})

test('a durable write flushes file and folder, and the parents of folders it made', {
  skip: process.platform === 'win32',
}, async (context) => {
  using folder = testFolder()
  const disk = createDisk(folder.path)
  const handle = await open(folder.path, 'r')
  const sync = context.mock.method(Object.getPrototypeOf(handle), 'sync')
  await handle.close()
  const flushes = async (write: Promise<void>) => {
    const before = sync.mock.callCount()
    await write
    return sync.mock.callCount() - before
  }
  // The file, its folder, the folder above for that one's name, and the data folder.
  assert.equal(await flushes(disk.writeDurable('a/b/one', Buffer.from('1'))), 4)
  assert.equal(await flushes(disk.writeDurable('a/b/two', Buffer.from('2'))), 2)
  assert.equal(await flushes(disk.write('a/b/three', Buffer.from('3'))), 0)
  // A folder is durable as soon as it is made: later durable writes into it find it there and rely on that.
  assert.equal(await flushes(disk.write('c/four', Buffer.from('4'))), 1)
  assert.equal(await flushes(disk.remove('a/b/one')), 1, 'what was removed stays removed')
})

test('files are for their owner only, unless said otherwise', { skip: process.platform === 'win32' }, async () => {
  using folder = testFolder()
  const disk = createDisk(join(folder.path, 'data'))
  await disk.writeDurable('sub/secret', Buffer.from('s'))
  await disk.writeDurable('open', Buffer.from('o'), { mode: 0o644 })
  const mode = (path: string) => statSync(join(folder.path, 'data', path)).mode & 0o777
  assert.equal(mode(''), 0o700)
  assert.equal(mode('sub'), 0o700)
  assert.equal(mode('sub/secret'), 0o600)
  assert.equal(mode('open'), 0o644)
})

test('a secret that others can read is repaired and named', { skip: process.platform === 'win32' }, async () => {
  using folder = testFolder()
  const disk = createDisk(folder.path)
  await disk.writeDurable('kept', Buffer.from('k'))
  await disk.writeDurable('leaky', Buffer.from('l'))
  chmodSync(join(folder.path, 'leaky'), 0o644)
  assert.deepEqual(await disk.protect(['kept', 'leaky', 'missing']), ['leaky'])
  assert.equal(statSync(join(folder.path, 'leaky')).mode & 0o777, 0o600)
  assert.deepEqual(await disk.protect(['kept', 'leaky']), [])
})

test('missing files are no-file', async () => {
  using folder = testFolder()
  const disk = createDisk(folder.path)
  await disk.write('file', Buffer.from('x'))
  for (const path of ['gone', 'no/such/folder', 'file/below']) {
    await assert.rejects(disk.read(path), coded('no-file'))
    await assert.rejects(disk.sizeBytes(path), coded('no-file'))
    await assert.rejects(disk.remove(path), coded('no-file'))
  }
})

test('no path leaves the folder', async () => {
  using folder = testFolder()
  const disk = createDisk(join(folder.path, 'data'))
  writeFileSync(join(folder.path, 'outside'), 'x')
  for (const path of [
    '../outside',
    'a/../../outside',
    '/etc/passwd',
    'a//b',
    './a',
    'a/.',
    'a\0b',
    'a\\..\\b',
    'C:x',
    '',
  ]) {
    await assert.rejects(disk.read(path), coded('bad-path'), path)
    await assert.rejects(disk.writeDurable(path, Buffer.alloc(1)), coded('bad-path'), path)
    assert.throws(() => disk.openDatabase(path), coded('bad-path'), path)
  }
})

test('leftovers of dead processes go, files being written stay', async () => {
  using folder = testFolder()
  const disk = createDisk(folder.path)
  await mkdir(join(folder.path, 'a/b'), { recursive: true })
  writeFileSync(join(folder.path, 'a/b/~0123456789ab-1.tmp'), 'half')
  writeFileSync(join(folder.path, '~0123456789ab-2.tmp'), 'half')
  writeFileSync(join(folder.path, 'a/notes.tmp'), 'mine')
  assert.deepEqual(await disk.list(''), ['a'])
  const writes = Array.from({ length: 20 }, (_, index) => disk.writeDurable(`a/b/${index}`, Buffer.alloc(MiB)))
  assert.equal(await disk.removeLeftovers(), 2)
  await Promise.all(writes)
  assert.equal((await disk.list('a/b')).length, 20)
  assert.deepEqual(await disk.list('a'), ['b', 'notes.tmp'])
})

test('errors of the operating system have codes', () => {
  const failure = (code: string) => Object.assign(new Error(code), { code })
  const codes = {
    ENOENT: 'no-file',
    ENOSPC: 'disk-full',
    EDQUOT: 'disk-full',
    EIO: 'disk-failing',
    EROFS: 'not-permitted',
  }
  for (const [system, code] of Object.entries(codes)) {
    assert(isEngineError(codedDiskError('/x', failure(system)), code))
  }
  const strange = failure('EXDEV')
  assert.equal(codedDiskError('/x', strange), strange)
})

const canMount = process.platform === 'linux' && process.getuid?.() === 0
test('a full disk is disk-full and leaves nothing half-written', {
  skip: canMount ? false : 'needs root on Linux',
}, async () => {
  using folder = testFolder()
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder.path])
  try {
    const disk = createDisk(folder.path)
    await disk.writeDurable('kept', Buffer.from('kept'))
    await assert.rejects(disk.writeDurable('kept', Buffer.alloc(2 * MiB)), coded('disk-full'))
    assert.equal((await disk.read('kept')).toString(), 'kept')
    assert.deepEqual(readdirSync(folder.path), ['kept'])

    const database = disk.openDatabase('catalog.db')
    database.exec('CREATE TABLE t (data BLOB) STRICT')
    const insert = database.prepare('INSERT INTO t VALUES (?)')
    assert.throws(() => insert.run(Buffer.alloc(3 * MiB)), coded('disk-full'))
    assert.equal(database.prepare('SELECT count(*) FROM t').pluck().get(), 0)
    database.close()
  } finally {
    execFileSync('umount', [folder.path])
  }
})

test('on Windows a rename waits for a file that is held, but not for ever', async () => {
  const held = Object.assign(new Error('held'), { code: 'EPERM' })
  let attempts = 0
  const twice = () => (++attempts < 3 ? Promise.reject(held) : Promise.resolve())
  await renameStubborn('a', 'b', twice, 'win32')
  assert.equal(attempts, 3)
  await assert.rejects(
    renameStubborn('a', 'b', () => Promise.reject(held), 'win32'),
    held,
  )
  attempts = 0
  await assert.rejects(renameStubborn('a', 'b', twice, 'linux'), held)
  assert.equal(attempts, 1)
})

test('a link at the target is replaced, not followed', { skip: process.platform === 'win32' }, async () => {
  using folder = testFolder()
  const disk = createDisk(join(folder.path, 'data'))
  writeFileSync(join(folder.path, 'victim'), 'untouched')
  symlinkSync(join(folder.path, 'victim'), join(folder.path, 'data', 'link'))
  await disk.writeDurable('link', Buffer.from('new'))
  assert.equal((await createDisk(folder.path).read('victim')).toString(), 'untouched')
  assert.equal((await disk.read('link')).toString(), 'new')
})
