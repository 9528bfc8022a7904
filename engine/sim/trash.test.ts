import assert from 'node:assert/strict'
import test from 'node:test'
import { isEngineError } from '../base/error.ts'
import { SimPool } from './testPool.ts'

test('what comes out of the trash pushes nothing aside: a taken name is told, folders of one name join', async () => {
  await using pool = await SimPool.start({ nodes: 1, copies: 1, seed: 61 })
  const service = pool.service(0)
  const play = <T>(work: () => Promise<T>) => pool.world.play(work)
  const write = (path: string, text: string) => pool.write(0, path, Buffer.from(text))
  const trashed = async (path: string) => {
    const { items } = await play(() => service.trash({ limit: 10, cursor: null }))
    return items.find((each) => each.path === path)?.id ?? ''
  }
  await write('a/f', 'old')
  await play(() => service.deleteFile(['a', 'f'], {}))
  const file = await trashed('/a/f')
  await write('a/f', 'new')
  await assert.rejects(
    play(() => service.restoreFromTrash(file)),
    (error) => isEngineError(error, 'exists'),
  )
  assert.equal((await pool.read(0, 'a/f')).toString(), 'new')
  const { id } = await play(() => service.entryAt(['a', 'f']))
  await play(() => service.patchEntry(id, { path: '/a/g' }))
  assert.equal((await play(() => service.restoreFromTrash(file))).path, '/a/f')
  assert.equal((await pool.read(0, 'a/f')).toString(), 'old')

  await play(() => service.deleteFolder(['a'], {}))
  const folder = await trashed('/a')
  await write('a/h', 'later')
  assert.equal((await play(() => service.restoreFromTrash(folder))).path, '/a')
  assert.equal((await pool.read(0, 'a/f')).toString(), 'old')
  assert.equal((await pool.read(0, 'a/h')).toString(), 'later')
})
