import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { isEngineError } from '../base/error.ts'
import { lockFolder } from './lock.ts'
import { testFolder } from './testFolder.ts'

/** Another process that owns the folder; resolves once it does. */
async function otherOwner(folder: string): Promise<ChildProcess> {
  const lock = new URL('./lock.ts', import.meta.url).href
  const script = `const { lockFolder } = await import(${JSON.stringify(lock)})
    lockFolder(${JSON.stringify(folder)}); process.stdout.write('locked'); setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  return child
}

test('a folder has one owner, and the second is told who', async () => {
  using folder = testFolder()
  const child = await otherOwner(folder.path)
  try {
    assert.throws(
      () => lockFolder(folder.path),
      (error) => isEngineError(error, 'folder-in-use') && error.facts?.['pid'] === child.pid,
    )
  } finally {
    child.kill('SIGKILL')
  }
})

test('a process killed with -9 leaves no lock behind', async () => {
  using folder = testFolder()
  const child = await otherOwner(folder.path)
  child.kill('SIGKILL')
  await once(child, 'exit')
  using _owned = lockFolder(folder.path)
})

test('within one process as well, until disposed', () => {
  using folder = testFolder()
  const owned = lockFolder(folder.path)
  assert.throws(
    () => lockFolder(folder.path),
    (error) => isEngineError(error, 'folder-in-use'),
  )
  assert.throws(
    () => lockFolder(folder.path),
    (error) => isEngineError(error, 'folder-in-use'),
  )
  owned[Symbol.dispose]()
  lockFolder(folder.path)[Symbol.dispose]()
})
