import assert from 'node:assert/strict'
import test from 'node:test'
import type { Entry } from '../../shared/index.ts'
import { sortKeyOf } from './nameOrder.ts'

test('names order in the window as they do in the engine', () => {
  // The same table stands in engine/catalog/views/names.test.ts.
  const keys = {
    'Page 2': 'page 12',
    'Page 10': 'page 210',
    'img007b.jpg': 'img17b.jpg\u0001\u0004',
    'a0 00 123456789': 'a0 0 9009123456789\u0001\u0002\u0003\u0002',
  }
  for (const [name, key] of Object.entries(keys)) assert.equal(sortKeyOf({ name } as Entry), key)
})
