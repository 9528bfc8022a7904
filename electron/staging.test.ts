import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { isProgram, Staging } from './staging.ts'

test('a file of the pool lies here under its own name, read-only, until the app ends', async () => {
  const temporary = mkdtempSync(join(tmpdir(), 'hadahoop-staging-'))
  const staging = new Staging(temporary)
  const one = await staging.stage('/Photos/a.jpg', async () => Readable.from([Buffer.from('one')]))
  const two = await staging.stage('/Other/a.jpg', async () => Readable.from([Buffer.from('two')]))
  assert.deepEqual([basename(one), basename(two)], ['a.jpg', 'a.jpg'])
  assert.deepEqual([readFileSync(one, 'utf8'), readFileSync(two, 'utf8')], ['one', 'two'])
  if (process.platform !== 'win32') assert.equal(statSync(one).mode & 0o777, 0o400)
  await staging.clear()
  assert.deepEqual(readdirSync(temporary), [])
  rmSync(temporary, { recursive: true })
})

test('a fetch that breaks off leaves nothing', async () => {
  const temporary = mkdtempSync(join(tmpdir(), 'hadahoop-staging-'))
  const staging = new Staging(temporary)
  async function* broken() {
    yield Buffer.from('part')
    throw new Error('gone')
  }
  await assert.rejects(
    staging.stage('/a', async () => Readable.from(broken())),
    /gone/,
  )
  const [folder = ''] = readdirSync(temporary)
  assert.deepEqual(readdirSync(join(temporary, folder)), [])
  rmSync(temporary, { recursive: true })
})

test('what a crash left is removed at the next start, and nothing else', async () => {
  const temporary = mkdtempSync(join(tmpdir(), 'hadahoop-staging-'))
  mkdirSync(join(temporary, 'hadahoop-opened-x', '1'), { recursive: true })
  mkdirSync(join(temporary, 'somebody-else'))
  await new Staging(temporary).clearLeftovers()
  assert(!existsSync(join(temporary, 'hadahoop-opened-x')) && existsSync(join(temporary, 'somebody-else')))
  rmSync(temporary, { recursive: true })
})

test('programs are known by their names', () => {
  for (const name of ['a.exe', 'A.BAT', 'x.desktop', 'run.sh', 'y.AppImage', 'z.ps1']) assert(isProgram(name), name)
  for (const name of ['a.jpg', 'exe', 'a.exe.txt', 'notes.md', 'a.shx']) assert(!isProgram(name), name)
})
