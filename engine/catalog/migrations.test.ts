import assert from 'node:assert/strict'
import { test } from 'node:test'
import { migrate, openSqlite, readMigrations } from '../platform/index.ts'
import { migrateCatalog } from './migrations.ts'
import { listAll, rootOf } from './views/testing/dump.ts'
import { TestViews } from './views/testing/openViews.ts'

test('a catalog from before names had sort keys lists them by the numbers in them', () => {
  const database = openSqlite(':memory:')
  migrate(database, readMigrations(new URL('./schema/', import.meta.url), ['0001-rows.sql', '0002-views.sql']))
  const insert = database.prepare(
    `INSERT INTO entry (number, slot, id, kind, parent, name, location_stamp, place, fold, touched, wanted)
     VALUES (?, 0, ?, 1, 0, ?, zeroblob(28), 0, ?, zeroblob(28), 1)`,
  )
  const names = ['Page 10', 'Page 2', 'page 1', 'Notes']
  for (const [at, name] of names.entries()) insert.run(at + 2, Buffer.alloc(16, at + 2), name, name.toLowerCase())
  // A look into a folder had come as far as "page 10".
  database.prepare("INSERT INTO wanted_pending VALUES (0, 0, 1, 'page 10', x'02'), (2, 1, NULL, 'x', NULL)").run()

  migrateCatalog(database)
  const views = new TestViews({ database })
  assert.deepEqual(
    listAll(views, rootOf(views), { sort: 'name', limit: 3 }).map(({ name }) => name),
    ['Notes', 'page 1', 'Page 2', 'Page 10'],
  )
  const pending = database.prepare('SELECT entry, deep, after_kind AS kind FROM wanted_pending ORDER BY entry').all()
  assert.deepEqual(pending, [
    { entry: 0, deep: 0, kind: 1 },
    { entry: 2, deep: 1, kind: null },
  ])
  assert.equal(database.prepare('SELECT after_key FROM wanted_pending WHERE entry = 0').pluck().get(), '')
  database.close()
})
