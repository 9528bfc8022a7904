import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { nameProblem } from '../../shared/paths.ts'
import { folderAddress, parseAddress } from './parseAddress.ts'

test('every folder has an address that leads back to it', () => {
  const name = fc.string({ minLength: 1, unit: 'grapheme' }).filter((text) => nameProblem(text) === null)
  fc.assert(
    fc.property(fc.array(name, { maxLength: 5 }), (names) => {
      assert.deepEqual(parseAddress(folderAddress(names), '').folder, names)
    }),
  )
})

test('screens by their address; what is none is the root', () => {
  assert.equal(parseAddress('/health', '').screen, 'health')
  assert.equal(parseAddress('/search', '?q=a').query.get('q'), 'a')
  for (const odd of ['/', '/nothing', '/files/', '/files/%FF', '/files/..']) {
    assert.deepEqual([parseAddress(odd, '').screen, parseAddress(odd, '').folder], ['files', []])
  }
})
