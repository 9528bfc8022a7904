import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createLocalFiles } from './localFiles.ts'

const localFiles = await createLocalFiles(import.meta.dirname)

async function readAll(path: string, between: () => void = () => {}): Promise<Buffer> {
  await using file = await localFiles.open(path)
  const target = Buffer.alloc(file.sizeBytes + 10)
  let at = 0
  for (let count = 1; count > 0; ) {
    count = await file.read(target.subarray(at, at + 3))
    at += count
    between()
  }
  return target.subarray(0, at)
}

test('a local file is read to its end; one that changes meanwhile is refused, as is what cannot be read', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'hadahoop-local-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'file')
  writeFileSync(path, 'ten bytes!')
  assert.equal((await readAll(path)).toString(), 'ten bytes!')
  writeFileSync(join(folder, 'empty'), '')
  assert.equal((await readAll(join(folder, 'empty'))).length, 0)
  await assert.rejects(
    readAll(path, () => appendFileSync(path, 'more')),
    { code: 'source-changed' },
  )
  mkdirSync(join(folder, 'folder'))
  for (const bad of [join(folder, 'missing'), join(folder, 'folder'), 'relative']) {
    await assert.rejects(localFiles.open(bad), { code: 'source-unreadable' })
  }
})

test('what stands at a path, links followed, and what is in a folder', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'hadahoop-local-'))
  t.after(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'file'), 'four')
  mkdirSync(join(folder, 'own'))
  symlinkSync('file', join(folder, 'link'))
  symlinkSync('nowhere', join(folder, 'broken'))
  if (process.platform !== 'win32') execFileSync('mkfifo', [join(folder, 'pipe')])
  if (process.platform === 'linux')
    writeFileSync(Buffer.concat([Buffer.from(`${folder}/bad`), Buffer.from([0xff])]), '')
  writeFileSync(join(folder, 'good\ufffd'), '')
  const files = await createLocalFiles(join(folder, 'own'))
  const kinds = async (...names: string[]) =>
    await Promise.all(names.map(async (name) => (await files.look(join(folder, name)))?.kind))
  assert.deepEqual(await kinds('file', 'link', 'own', '.', 'broken', 'missing', 'file/below'), [
    ...['file', 'file', 'own', 'folder', undefined, undefined, undefined],
  ])
  const time = new Date(1_700_000_000_100)
  utimesSync(join(folder, 'file'), time, time)
  assert.equal((await files.look(join(folder, 'file')))?.modifiedMs, time.getTime())
  const link = await files.look(join(folder, 'link'))
  const file = await files.look(join(folder, 'file'))
  assert.deepEqual([link, file?.isLink], [{ ...file, isLink: true }, false])
  assert.equal(link?.sizeBytes, 4)
  const found = new Map<string, string>()
  for await (const batch of files.children(folder)) for (const { name, kind } of batch) found.set(name, kind)
  assert.equal(found.get('file'), 'file')
  assert.equal(found.get('own'), 'folder')
  assert.equal(found.get('broken'), 'link')
  assert.equal(found.get('good\ufffd'), 'file')
  if (process.platform !== 'win32') {
    assert.equal(found.get('pipe'), 'other')
    await assert.rejects(files.open(join(folder, 'pipe')), { code: 'source-unreadable' })
  }
  if (process.platform === 'linux') assert.equal(found.get('bad\ufffd'), 'unreadable')
  await assert.rejects(files.children(join(folder, 'missing'))[Symbol.asyncIterator]().next(), {
    code: 'source-unreadable',
  })
})
