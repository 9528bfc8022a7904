import assert from 'node:assert/strict'
import test from 'node:test'
import { freeName, splitName } from './names.ts'

test('a taken name gets the first free number, before its ending', () => {
  assert.equal(freeName('a.txt', new Set()), 'a.txt')
  assert.equal(freeName('a.txt', new Set(['a.txt', 'a 2.txt'])), 'a 3.txt')
  assert.equal(freeName('New folder', new Set(['New folder'])), 'New folder 2')
  assert.equal(freeName('e\u0301', new Set(['\u00e9'])), 'e\u0301 2', 'equal in NFC is taken')
})

test('a dot at the beginning begins no ending', () => {
  assert.deepEqual(splitName('.profile'), ['.profile', ''])
  assert.deepEqual(splitName('a.tar.gz'), ['a.tar', '.gz'])
})
