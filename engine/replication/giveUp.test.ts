import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SeededRandom } from '../sim/index.ts'
import { GiveUpWorld } from './testGiveUpWorld.ts'

test('whoever gives up against whom, in any order, with lost messages and crashes: never fewer replicas than wanted', async () => {
  let deletions = 0
  for (let seed = 1; seed <= 400; seed++) {
    const random = new SeededRandom(seed)
    const wanted = random.between(1, 3)
    const holding = wanted + random.between(0, 3)
    const world = new GiveUpWorld(holding + random.between(0, 1), holding, wanted, () => random.fraction())
    try {
      await world.play(400)
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error })
    }
    deletions += world.deletions
  }
  // It must not hold because nothing ever happens.
  assert.ok(deletions > 200, `${deletions}`)
})

test('left alone, surplus replicas go one after the other, down to what is wanted', async () => {
  const random = new SeededRandom(9)
  const world = new GiveUpWorld(5, 5, 2, () => random.fraction())
  await world.play(20_000)
  assert.equal(world.holders.filter(({ held }) => held).length, 2)
})
