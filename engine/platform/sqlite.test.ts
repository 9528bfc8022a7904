import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { isEngineError } from '../base/error.ts'
import type { Database } from '../ports.ts'
import { migrate, openSqlite, transact } from './sqlite.ts'
import { testFolder } from './testFolder.ts'

const coded = (code: string) => (error: unknown) => isEngineError(error, code)
const pragma = (database: Database, name: string) => database.prepare(`PRAGMA ${name}`).pluck().get()

test('a commit is durable by its settings, and memory is bounded', () => {
  using folder = testFolder()
  const database = openSqlite(join(folder.path, 'a.db'))
  const settings = [
    'journal_mode',
    'synchronous',
    'fullfsync',
    'checkpoint_fullfsync',
    'foreign_keys',
    'cell_size_check',
  ]
  assert.deepEqual(
    settings.map((name) => pragma(database, name)),
    ['wal', 2, 1, 1, 1, 1],
  )
  assert.equal(pragma(database, 'cache_size'), -16 * 1024)
  assert.equal(pragma(database, 'wal_autocheckpoint'), 4096)
  database.close()
})

test('statements read rows, columns, bigints and shared memory', () => {
  using folder = testFolder()
  const database = openSqlite(join(folder.path, 'a.db'))
  database.exec('CREATE TABLE t (id INTEGER PRIMARY KEY, data BLOB) STRICT')
  const insert = database.prepare('INSERT INTO t VALUES (?, ?)')
  const shared = new Uint8Array(new SharedArrayBuffer(4), 1, 2).fill(7)
  assert.equal(insert.run(1, shared).changes, 1)
  insert.run(2n ** 60n, null)
  assert.deepEqual(database.prepare('SELECT id, data FROM t WHERE id = ?').get(1), { id: 1, data: Buffer.from([7, 7]) })
  assert.deepEqual(database.prepare('SELECT id FROM t ORDER BY id').pluck().bigints().all(), [1n, 2n ** 60n])
  assert.deepEqual([...database.prepare('SELECT id FROM t WHERE id < 5').iterate()], [{ id: 1 }])
  assert.equal(database.prepare('SELECT 1 WHERE 0').get(), undefined)
  database.define('twice', (value: number) => value * 2)
  assert.equal(database.prepare('SELECT twice(21)').pluck().get(), 42)
  // A reader that stops half-way leaves nothing open.
  for (const _row of database.prepare('SELECT id FROM t').iterate()) break
  database.exec('DROP TABLE t')
  database.close()
})

test('migrations run once, in order, each whole or not at all', () => {
  using folder = testFolder()
  const path = join(folder.path, 'a.db')
  const first = { version: 1, sql: 'CREATE TABLE t (a INTEGER) STRICT; INSERT INTO t VALUES (1)' }
  const second = { version: 2, sql: 'INSERT INTO t VALUES (2)' }
  const broken = { version: 3, sql: 'INSERT INTO t VALUES (3); INSERT INTO missing VALUES (3)' }
  const rows = (database: Database) => database.prepare('SELECT a FROM t').pluck().all()
  let database = openSqlite(path)
  migrate(database, [first])
  migrate(database, [first, second])
  migrate(database, [first, second])
  assert.throws(() => migrate(database, [first, second, broken]), /missing/)
  assert.deepEqual(rows(database), [1, 2])
  assert.equal(pragma(database, 'user_version'), 2)
  database.close()

  database = openSqlite(path)
  assert.throws(() => migrate(database, [first]), coded('newer-database'))
  assert.deepEqual(rows(database), [1, 2])
  assert.throws(() => migrate(database, [second]), assert.AssertionError)
  database.close()
})

test('what is no database, or a broken one, is damaged-database', () => {
  using folder = testFolder()
  const text = join(folder.path, 'text.db')
  writeFileSync(text, 'this is a text and no database'.repeat(100))
  assert.throws(() => openSqlite(text), coded('damaged-database'))

  const path = join(folder.path, 'broken.db')
  let database = openSqlite(path)
  database.exec('CREATE TABLE t (a TEXT) STRICT')
  const insert = database.prepare('INSERT INTO t VALUES (?)')
  // In one transaction: of 2,000 commits each waits for the disk.
  database.exec('BEGIN')
  for (let row = 0; row < 2000; row++) insert.run(`row ${row}`.repeat(10))
  database.exec('COMMIT')
  database.close()
  writeFileSync(path, Buffer.alloc(64 * 1024, 0xff), { flag: 'r+' })
  assert.throws(() => {
    database = openSqlite(path)
    database.prepare('SELECT count(a) FROM t').get()
  }, coded('damaged-database'))
})

test('mistakes in SQL keep their own error', () => {
  using folder = testFolder()
  const database = openSqlite(join(folder.path, 'a.db'))
  assert.throws(
    () => database.prepare('SELECT FROM'),
    (error) => !isEngineError(error),
  )
  database.close()
})

test('commits that returned are there after kill -9', async () => {
  using folder = testFolder()
  const path = join(folder.path, 'a.db')
  const sqlite = new URL('./sqlite.ts', import.meta.url).href
  const script = `const { openSqlite } = await import(${JSON.stringify(sqlite)})
    const database = openSqlite(${JSON.stringify(path)})
    database.exec('CREATE TABLE t (a INTEGER) STRICT')
    const insert = database.prepare('INSERT INTO t VALUES (?)')
    for (let row = 1; ; row++) { insert.run(row); process.stdout.write(row + '\\n') }`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  child.stdout.on('data', (text) => {
    said += text
    if (said.length > 200) child.kill('SIGKILL')
  })
  await once(child, 'close')
  const last = Number(said.split('\n').at(-2))
  const database = openSqlite(path)
  const count = database.prepare('SELECT count(*) FROM t').pluck().get<number>() ?? 0
  assert(count >= last && last > 10, `${last} were acknowledged, ${count} are there`)
  database.close()
})

test('a transaction that the disk refuses leaves nothing, says so, and the next one begins', () => {
  using folder = testFolder()
  const database = openSqlite(join(folder.path, 'a.db'))
  database.exec('CREATE TABLE t (data BLOB) STRICT')
  const insert = database.prepare('INSERT INTO t VALUES (zeroblob(100000))')
  const count = database.prepare('SELECT count(*) FROM t').pluck()
  database.exec('PRAGMA max_page_count = 30')
  const insertTwice = () =>
    transact(database, () => {
      insert.run()
      insert.run()
    })
  assert.throws(insertTwice, coded('disk-full'))
  assert.equal(count.get(), 0)
  database.exec('PRAGMA max_page_count = 1000')
  insertTwice()
  assert.equal(count.get(), 2)
  const thrown = new Error('thrown by the work')
  const failing = () => {
    insert.run()
    throw thrown
  }
  assert.throws(() => transact(database, failing), thrown)
  assert.equal(count.get(), 2)
  database.close()
})
