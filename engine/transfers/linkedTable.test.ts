import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import fc from 'fast-check'
import type { EntryId } from '../base/ids.ts'
import { openSqlite } from '../platform/index.ts'
import { type LinkedItem, LinkedTable, parentOf } from './linkedTable.ts'
import { migrateTransfers } from './schema.ts'

const item = (path: string, kind: 'file' | 'folder' = 'file'): LinkedItem => ({
  ...{ path, kind, fileId: `id of ${path}`, sizeBytes: 1, modifiedMs: 2 },
  ...{ entry: 'e'.repeat(32) as EntryId, version: null },
})

test('a folder moves with all below it and nothing beside it, whatever signs the names have', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'hadahoop-test-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const database = openSqlite(join(folder, 'transfers.db'))
  t.after(() => database.close())
  migrateTransfers(database)
  const table = new LinkedTable(database)
  const facts = { path: '/x', rootId: '1', folder: '/', deletes: false, ignored: [], createdMs: 0 }
  const other = table.add({ ...facts, id: 'a'.repeat(32) })
  table.put(other, [item('a/b')])
  let count = 0
  const name = fc.constantFrom('a', 'a0', 'a.', 'ä', '😀', 'a 😀', '%', '_', 'a/b', 'a0/b', '😀/a', '😀/😀')
  fc.assert(
    fc.property(fc.uniqueArray(name, { minLength: 1 }), name, (paths, from) => {
      const link = table.add({ ...facts, id: String(count++).padStart(32, '0') })
      table.put(
        link,
        paths.map((path) => item(path)),
      )
      const to = '😀 new/place'
      table.move(link, from, to)
      const moved = (path: string) =>
        path === from || path.startsWith(`${from}/`) ? to + path.slice(from.length) : path
      for (const path of paths) {
        const there = table.at(link, moved(path))
        assert.equal(there?.fileId, `id of ${path}`, path)
        assert.ok(
          table.children(link, parentOf(moved(path))).some((each) => each.path === moved(path)),
          path,
        )
      }
      assert.equal(table.countFiles(link), paths.length)
      table.remove(link, to)
      assert.deepEqual(table.below(link, to), [])
      assert.equal(table.countFiles(link), paths.filter((path) => moved(path) === path).length)
    }),
    { numRuns: 100 },
  )
  assert.equal(table.countFiles(other), 1)
})

test('what is known of a file is found by its path and its number', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'hadahoop-test-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const database = openSqlite(join(folder, 'transfers.db'))
  t.after(() => database.close())
  migrateTransfers(database)
  const table = new LinkedTable(database)
  const link = table.add({
    ...{ id: 'b'.repeat(32), path: '/y', rootId: '1', folder: '/', deletes: true, ignored: ['*.log'], createdMs: 5 },
  })
  table.put(link, [item('a', 'folder'), item('a/b')])
  assert.deepEqual(table.at(link, 'a/b'), item('a/b'))
  assert.deepEqual(table.ofFile(link, 'id of a'), [item('a', 'folder')])
  assert.deepEqual(table.children(link, ''), [item('a', 'folder')])
  link.deletes = false
  link.paused = true
  table.save(link)
  assert.deepEqual(table.links(), [link])
  table.forget(link)
  assert.deepEqual([table.links(), table.at(link, 'a')], [[], undefined])
})
