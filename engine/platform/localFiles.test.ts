import assert from 'node:assert/strict'
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { localFiles } from './localFiles.ts'

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
