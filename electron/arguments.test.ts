import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { readArguments } from './arguments.ts'
import { codeOfLink } from './joinLink.ts'

const code = 'AB12-CD34-EF56-GH78-JK90'
const here = resolve('/home/a')
const read = (...args: string[]) => readArguments(args, here, (path) => path.includes('there'))

test('a join link fills in a code, and nothing else passes for one', () => {
  assert.equal(codeOfLink(`hadahoop://join/${code}`), code)
  assert.equal(codeOfLink(`hadahoop://join/${code.toLowerCase()}/`), code)
  assert.equal(codeOfLink(`hadahoop://join/${code.replaceAll('-', '')}`), code.replaceAll('-', ''))
  for (const url of [
    'hadahoop://join/',
    'hadahoop://join/short',
    `hadahoop://leave/${code}`,
    `hadahoop://join/${code}?address=evil.example`,
    `hadahoop://join/${code}#x`,
    `hadahoop://join/${code}/more`,
    `hadahoop://join/${code}%00`,
    `hadahoop://join/<script>1234567890`,
    `https://join/${code}`,
    `hadahoop:join/${code}`,
    `xhadahoop://join/${code}`,
    `hadahoop://join/${code}\n`,
  ])
    assert.equal(codeOfLink(url), undefined, url)
})

test('options go to the engine, files that are there are handed over, the rest is ignored', () => {
  const handed = read(
    '--data',
    'pool',
    '--name',
    'Desk',
    '--api-port',
    '4711',
    '--quota',
    '500GB',
    '--no-discovery',
    '--enable-features=X',
    'there.txt',
    'gone.txt',
    `hadahoop://join/${code}`,
    'https://there.example/',
  )
  assert.equal(handed.dataDir, resolve(here, 'pool'))
  assert.deepEqual(handed.node, { name: 'Desk', apiPort: 4711, quotaBytes: 500e9, discovery: false })
  assert.deepEqual(handed.files, [resolve(here, 'there.txt')])
  assert.equal(handed.joinCode, code)
  assert.equal(handed.hidden, false)
})

test('nothing said is nothing chosen; a start at login shows no window', () => {
  assert.deepEqual(read(), { dataDir: undefined, node: {}, joinCode: undefined, files: [], hidden: false })
  assert.equal(read('--hidden').hidden, true)
  assert.deepEqual(read('--api-port', 'x', '--peer-port', '70000').node, {})
})
