import assert from 'node:assert/strict'
import test from 'node:test'
import { KiB } from '../limits.ts'
import { isEngineError } from '../base/error.ts'
import { SeededRandom } from './random.ts'
import { SimPool } from './testPool.ts'

test('a file that no machine has room for is told in words for people, whoever refused it last', async () => {
  for (const nodes of [1, 3]) {
    await using pool = await SimPool.start({ nodes, copies: 1, seed: 71 })
    const ids = (await pool.world.play(() => pool.service(0).nodes({ limit: 10, cursor: null }))).items
    for (const { id } of ids) await pool.world.play(() => pool.service(0).patchNode(id, { quotaBytes: 1000 }))
    await pool.world.run(10_000)
    const refusal = await pool.write(0, 'large', new SeededRandom(1).bytes(300 * KiB)).then(
      () => assert.fail('stored'),
      (error: unknown) => error,
    )
    assert.ok(isEngineError(refusal, 'quota-full'))
    assert.match(
      refusal.message,
      nodes === 1 ? /^this machine gives the pool no more space$/ : /^no machine .* has room/,
    )
    assert.match(refusal.hint ?? '', /add a machine/)
  }
})
