import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { startMemoryNode, type MemoryNode } from '../engine/sim/memoryNode.ts'
import type { MemoryServiceOptions } from '../engine/sim/memoryService.ts'

interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

interface Bench extends AsyncDisposable {
  readonly node: MemoryNode
  /** A folder for the test's own files. */
  readonly folder: string
  run(...args: string[]): Promise<Outcome>
  /** The same with --json, parsed. */
  json(...args: string[]): Promise<Outcome & { value: Record<string, unknown> }>
  feed(input: string | Buffer, ...args: string[]): Promise<Outcome>
}

async function command(
  args: readonly string[],
  input: string | Buffer = '',
  env: NodeJS.ProcessEnv = {},
): Promise<Outcome> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts'), ...args], {
    env: { ...process.env, ...env },
  })
  const [stdout, stderr]: Buffer[][] = [[], []]
  child.stdout.on('data', (part: Buffer) => stdout?.push(part))
  child.stderr.on('data', (part: Buffer) => stderr?.push(part))
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stdout: Buffer.concat(stdout ?? []).toString(), stderr: Buffer.concat(stderr ?? []).toString() }
}

async function bench(options: MemoryServiceOptions = {}): Promise<Bench> {
  const node = await startMemoryNode(options)
  const folder = mkdtempSync(join(tmpdir(), 'hadahoop-cli-'))
  const data = join(folder, 'data')
  mkdirSync(data)
  writeFileSync(join(data, 'api.json'), JSON.stringify({ url: node.url, token: node.token }))
  const run = (...args: string[]) => command(['--data', data, ...args])
  return {
    node,
    folder,
    run,
    async json(...args) {
      const outcome = await run(...args, '--json')
      return { ...outcome, value: JSON.parse(outcome.stdout) }
    },
    feed: (input, ...args) => command(['--data', data, ...args], input),
    async [Symbol.asyncDispose]() {
      await node.gateway.stop()
      rmSync(folder, { recursive: true })
    },
  }
}

function tree(folder: string, files: Readonly<Record<string, string>>): string {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, path, '..'), { recursive: true })
    writeFileSync(join(folder, path), text)
    utimesSync(join(folder, path), 1_600_000_000, 1_600_000_000.123)
  }
  return folder
}

/** Paths and contents of all files below. */
function contents(folder: string): Record<string, string> {
  const found: Record<string, string> = {}
  for (const path of (readdirSync(folder, { recursive: true }) as string[]).sort()) {
    if (statSync(join(folder, path)).isFile()) found[path] = readFileSync(join(folder, path), 'utf8')
  }
  return found
}

const sample = {
  'a.txt': 'alpha',
  empty: '',
  'sub/b': 'beta',
  'sub/deep/c\nd': 'a name with a line break',
  'sub/\u{1f600} .x': 'emoji',
  'sub/50%25 off': 'percent',
  CON: 'device',
  '.hidden': 'dot',
}

test('a tree goes in and comes out the same; a second time all is skipped', async () => {
  await using at = await bench()
  const source = tree(join(at.folder, 'source'), sample)
  mkdirSync(join(source, 'empty folder'))
  const first = await at.json('put', source, '/tree')
  assert.equal(first.code, 0, first.stderr)
  const bytes = Object.values(sample).join('').length
  assert.deepEqual(first.value, { files: 8, bytes, skipped: 0, failed: [], leftOut: [] })
  const again = await at.json('put', source, 'tree')
  assert.deepEqual(again.value, { files: 0, bytes: 0, skipped: 8, failed: [], leftOut: [] })
  writeFileSync(join(source, 'a.txt'), 'ALPHA')
  assert.equal((await at.json('put', source, 'tree')).value['files'], 1)

  const target = join(at.folder, 'target')
  const got = await at.json('get', '/tree', target)
  assert.equal(got.code, 0, got.stderr)
  assert.equal(got.value['files'], 8)
  assert.deepEqual(contents(target), contents(source))
  assert(statSync(join(target, 'empty folder')).isDirectory())
  assert.equal(statSync(join(target, 'sub/b')).mtimeMs, statSync(join(source, 'sub/b')).mtimeMs)
  assert.equal((await at.json('get', '/tree', target)).value['skipped'], 8)
  writeFileSync(join(target, 'a.txt'), 'changed here')
  assert.equal((await at.json('get', '/tree', target)).value['files'], 1)
  assert.equal(readFileSync(join(target, 'a.txt'), 'utf8'), 'ALPHA')
})

test('where things go: one becomes, several and slashes go into', async () => {
  await using at = await bench()
  const one = tree(join(at.folder, 'one'), { x: '1' })
  const two = tree(join(at.folder, 'two'), { y: '2' })
  const listed = async (path: string) =>
    ((await at.json('ls', path)).value['items'] as { path: string }[]).map(({ path }) => path)
  assert.equal((await at.run('put', join(one, 'x'), '/file')).code, 0)
  assert.equal((await at.run('put', join(one, 'x'), '/into/')).code, 0)
  assert.equal((await at.run('put', one, two, '/several')).code, 0)
  assert.equal((await at.run('put', one, '/merged')).code, 0)
  assert.equal((await at.run('put', two, '/merged')).code, 0)
  assert.deepEqual(await listed('/'), ['/file', '/into', '/merged', '/several'])
  assert.deepEqual(await listed('into'), ['/into/x'])
  assert.deepEqual(await listed('/several/'), ['/several/one', '/several/two'])
  assert.deepEqual(await listed('/merged'), ['/merged/x', '/merged/y'])
  assert.deepEqual(await listed('/file'), ['/file'])

  assert.equal((await at.run('get', '/file', join(at.folder, 'plain'))).code, 0)
  assert.equal((await at.run('get', '/file', `${one}/`)).code, 0)
  assert.equal((await at.run('get', '/file', two)).code, 0)
  assert.equal((await at.run('get', '/merged', `${at.folder}/`)).code, 0)
  assert.equal(readFileSync(join(at.folder, 'plain'), 'utf8'), '1')
  assert.deepEqual(contents(one), { file: '1', x: '1' })
  assert.deepEqual(contents(two), { file: '1', y: '2' })
  assert.deepEqual(contents(join(at.folder, 'merged')), { x: '1', y: '2' })
})

test('a large file streams both ways; ranges and standard input', async () => {
  await using at = await bench()
  const content = Buffer.alloc(9 * 1024 * 1024 + 5, 'abcdefg')
  const path = join(at.folder, 'big')
  writeFileSync(path, content)
  assert.equal((await at.run('put', path, '/big')).code, 0)
  assert.equal((await at.run('get', '/big', join(at.folder, 'back'))).code, 0)
  assert(readFileSync(join(at.folder, 'back')).equals(content))
  assert.equal((await at.run('cat', 'big', '--range', '7-13')).stdout, 'abcdefg')
  assert.equal((await at.run('cat', 'big', '--range', '-3')).stdout, content.subarray(-3).toString())
  assert.equal((await at.feed(content, 'put', '-', '/in')).code, 0)
  assert.equal((await at.run('cat', '/in')).stdout, content.toString())
  assert.equal((await at.feed('', 'put', '-', '/none')).code, 0)
  assert.equal((await at.run('cat', '/none')).stdout, '')
  assert.equal((await at.run('cat', '/big', '--range', '99999999-')).code, 1)
})

test('what cannot be stored is told by name and code, and the rest is stored', {
  skip: process.platform === 'win32',
}, async () => {
  await using at = await bench()
  const source = tree(join(at.folder, 'source'), { good: 'x', 'real/file': 'y', 'caf\u00e9': 'nfc' })
  symlinkSync('good', join(source, 'link'))
  symlinkSync('real', join(source, 'linked-folder'))
  symlinkSync('nowhere', join(source, 'broken'))
  symlinkSync('loop', join(source, 'loop'))
  writeFileSync(join(source, 'cafe\u0301'), 'nfd')
  writeFileSync(Buffer.concat([Buffer.from(`${source}/bad`), Buffer.from([0xff])]), 'z')
  const socket = createServer().listen(join(source, 'socket'))
  await once(socket, 'listening')
  const { code, value, stderr } = await at.json('put', source, '/tree')
  assert.equal(code, 1)
  assert.equal(stderr.trim().split('\n').length, 1)
  assert.equal(value['files'], 4)
  const codes = (list: unknown) => (list as { code: string }[]).map(({ code }) => code).sort()
  assert.deepEqual(codes(value['failed']), ['bad-name', 'name-twin', 'special-file'])
  assert.deepEqual(codes(value['leftOut']), ['broken-link', 'broken-link', 'link-to-folder'])
  assert.equal((await at.run('cat', '/tree/link')).stdout, 'x')
  socket.close()

  const missing = await at.json('put', join(at.folder, 'nothing'), '/x')
  assert.deepEqual([missing.code, codes(missing.value['failed'])], [1, ['not-found']])
})

test('a file that changes while it is read is retried once and then told, and never stored torn', async () => {
  await using at = await bench()
  const path = join(at.folder, 'growing')
  // Larger than what fits between reader and writer, so that the one is not done before the other begins.
  writeFileSync(path, Buffer.alloc(32 * 1024 * 1024, 'x'))
  const plainPut = at.node.service.putFile.bind(at.node.service)
  let uploads = 0
  at.node.service.putFile = (names, source, options) => {
    uploads++
    async function* disturbed() {
      for await (const part of source) {
        appendFileSync(path, 'more')
        yield part
      }
    }
    return plainPut(names, disturbed(), options)
  }
  const { code, value } = await at.json('put', path, '/growing')
  assert.equal(code, 1)
  assert.deepEqual(value['failed'], [{ path, code: 'source-changed' }])
  assert.equal(uploads, 2)
  assert.equal((await at.node.ask('/v1/files/growing')).status, 404)
})

test('a full pool ends a put at once, and the one line says so', async () => {
  await using at = await bench({ capacityBytes: 100 })
  const files = Object.fromEntries(Array.from({ length: 3000 }, (_, number) => [`f${number}`, 'x'.repeat(10)]))
  const { code, value, stderr } = await at.json('put', tree(join(at.folder, 'source'), files), '/tree')
  assert.equal(code, 1)
  assert.equal(value['files'], 10)
  assert((value['failed'] as unknown[]).length < 2000)
  assert.match(stderr, /^hadahoop: Stopped at .*The disk is full\. Make room\.\n$/)
})

test('get never writes outside its folder and never leaves half a file under a real name', async () => {
  await using at = await bench()
  await at.node.ask('/v1/files/tree/out/evil', { method: 'PUT', body: 'x' })
  await at.node.ask('/v1/files/tree/good', { method: 'PUT', body: 'x'.repeat(1000) })
  const target = join(at.folder, 'target')
  const outside = join(at.folder, 'outside')
  mkdirSync(target)
  mkdirSync(outside)
  symlinkSync(outside, join(target, 'out'))
  const { code, value } = await at.json('get', '/tree', target)
  assert.equal(code, 1)
  assert.deepEqual(value['failed'], [{ path: '/tree/out', code: 'link-in-the-way' }])
  assert.deepEqual(readdirSync(outside), [])

  const openFile = at.node.service.openFile.bind(at.node.service)
  at.node.service.openFile = async (path, version) => ({
    ...(await openFile(path, version)),
    async *read(from) {
      yield Buffer.alloc(500 - from / 2)
      yield Buffer.alloc(0)
      throw new Error('gone')
    },
  })
  const broken = await at.json('get', '/tree/good', join(target, 'broken'))
  assert.equal(broken.code, 1)
  assert(!existsSync(join(target, 'broken')))
  assert(!readdirSync(target).some((name) => name.startsWith('.hadahoop')))
})

test('a download that breaks goes on where it was', async () => {
  await using at = await bench()
  const content = Buffer.alloc(300_000, '0123456789')
  await at.node.ask('/v1/files/f', { method: 'PUT', body: content })
  const openFile = at.node.service.openFile.bind(at.node.service)
  let opened = 0
  at.node.service.openFile = async (path, version) => {
    const file = await openFile(path, version)
    if (++opened > 1) return file
    return {
      ...file,
      async *read(from, to, signal) {
        let parts = 0
        for await (const part of file.read(from, to, signal)) {
          if (++parts === 3) throw new Error('gone')
          yield part
        }
      },
    }
  }
  assert.equal((await at.run('cat', '/f')).stdout, content.toString())
  assert.equal(opened, 2)
})

test('folders, names, trash and versions from the command line', async () => {
  await using at = await bench()
  assert.equal((await at.json('mkdir', '/a/b')).value['path'], '/a/b')
  await at.feed('one', 'put', '-', '/a/f')
  await at.feed('two', 'put', '-', '/a/f')
  assert.equal((await at.json('stat', 'a/f')).value['size'], 3)
  assert.equal((await at.json('mv', '/a/f', '/a/b/')).value['path'], '/a/b/f')
  assert.equal((await at.json('cp', '/a/b/f', '/copy')).value['path'], '/copy')
  assert.equal((await at.run('mv', '/copy', '/a')).code, 1)
  const versions = (await at.json('versions', '/a/b/f')).value['items'] as { id: string }[]
  assert.equal(versions.length, 2)
  assert.equal((await at.run('restore', '/a/b/f', versions[1]?.id ?? '')).code, 0)
  assert.equal((await at.run('cat', '/a/b/f')).stdout, 'one')
  assert.equal((await at.run('restore', '/a/b/f')).code, 0)
  assert.equal((await at.run('cat', '/a/b/f')).stdout, 'two')
  assert.deepEqual(
    ((await at.json('find', 'COP')).value['items'] as { name: string }[]).map(({ name }) => name),
    ['copy'],
  )
  assert.deepEqual((await at.json('rm', '/copy', '/a')).value, { deleted: ['/copy', '/a'] })
  assert.deepEqual(((await at.json('trash')).value['items'] as { path: string }[]).map(({ path }) => path).sort(), [
    '/a',
    '/copy',
  ])
  assert.equal((await at.run('restore', '/a')).code, 0)
  assert.equal((await at.run('trash', 'restore', '/copy')).code, 0)
  assert.deepEqual((await at.json('trash', 'list')).value, { items: [], next: null })
  assert.equal((await at.run('cat', '/a/b/f')).stdout, 'two')
})

test('a large delete wants --yes', async () => {
  await using at = await bench()
  for (let number = 0; number < 1001; number++) await at.node.service.putFolder(['many', String(number)])
  const asked = await at.run('rm', '/many')
  assert.equal(asked.code, 1)
  assert.equal(asked.stderr, 'hadahoop: This deletes 1001 entries, 0 B. Repeat with --yes.\n')
  assert.equal((await at.run('rm', '/many', '--yes')).code, 0)
})

test('JSON is the API’s answer, all pages in one', async () => {
  await using at = await bench()
  for (let number = 0; number < 1500; number++) await at.node.service.putFolder([String(number)])
  const { items, next } = (await at.json('ls')).value as { items: unknown[]; next: null }
  assert.equal(items.length, 1500)
  assert.equal(next, null)
  for (const [args, path] of [
    [['pool', 'status'], '/v1/pool'],
    [['nodes'], '/v1/nodes'],
    [['health'], '/v1/health'],
    [['doctor'], '/v1/doctor'],
  ] as const) {
    assert.deepEqual((await at.json(...args)).value, await (await at.node.ask(path)).json())
  }
})

test('pools and machines from the command line', async () => {
  await using at = await bench({ withoutPool: true })
  const none = await at.run('pool', 'status')
  assert.deepEqual([none.code, none.stderr], [1, 'hadahoop: This node is in no pool. Create a pool or join one.\n'])
  assert.equal((await at.json('pool', 'create', 'home', '--copies', '3')).value['copies'], 3)
  assert.deepEqual(Object.keys((await at.json('pool', 'invite')).value), ['code', 'expiresAt', 'address'])
  assert.equal((await at.run('pool', 'join', 'x')).code, 1)
  assert.equal((await at.json('nodes', 'drain', 'here')).value['drain'], true)
  assert.equal((await at.json('nodes', 'set', '11', '--quota', '5GB', '--site', 'attic')).value['quotaBytes'], 5e9)
  assert.equal((await at.json('nodes', 'drain', 'here', '--undo')).value['drain'], false)
  const until = Date.parse(String((await at.json('nodes', 'away', 'here', '8h')).value['awayUntil']))
  assert.ok(Math.abs(until - Date.now() - 8 * 3_600_000) < 60_000)
  assert.equal((await at.json('nodes', 'away', 'here', '--back')).value['awayUntil'], null)
  assert.equal((await at.run('nodes', 'away', 'here')).code, 2)
  assert.equal((await at.json('nodes', 'missed', 'here')).value['missed'], true)
  assert.match((await at.run('nodes', 'missed', 'here', '--undo')).stdout, /is waited for again/)
  assert.match((await at.run('pool', 'status')).stdout, /room for 1 TB at 1 copy/)
  const emptied = await at.run('trash', 'empty')
  assert.deepEqual(
    [emptied.code, emptied.stderr],
    [
      1,
      'hadahoop: This release deletes nothing for good: the trash keeps everything. A later release will empty it.\n',
    ],
  )
  const self = await at.run('nodes', 'remove', at.node.service.nodeId)
  assert.deepEqual(
    [self.code, self.stderr],
    [1, 'hadahoop: A node does not remove itself. Use `hadahoop pool leave`.\n'],
  )
  assert.equal((await at.run('nodes', 'drain', 'nobody')).code, 1)
  assert.match((await at.run('open')).stdout, /^http:.*#login=/)
  assert.equal((await at.run('pool', 'leave')).code, 0)
})

test('wrong usage is 2, failure is 1, each with one line', async () => {
  await using at = await bench()
  for (const args of [
    ['frob'],
    ['put', 'x'],
    ['ls', 'a//b'],
    ['ls', '/../x'],
    ['ls', 'a', 'b'],
    ['cat', 'x', '--range', 'y'],
    ['cat', 'x', '--range', '3-1'],
    ['pool', 'create', 'x', '--copies', '9'],
    ['start', '--quota', 'much'],
    ['nodes', 'set', 'here'],
    ['nodes', 'away', 'here', 'tomorrow'],
    ['put', '-', '/into/'],
    ['ls', '--nope'],
  ]) {
    const { code, stderr, stdout } = await at.run(...args)
    assert.equal(code, 2, args.join(' '))
    assert.equal(stdout, '')
    assert.match(stderr, /^hadahoop: [^\n]+\n$/, args.join(' '))
  }
  for (const args of [
    ['ls', '/none'],
    ['cat', '/none'],
    ['get', '/none', 'x'],
    ['rm', '/none'],
    ['restore', '/none'],
    ['trash', 'restore', '/none'],
  ]) {
    const { code, stderr } = await at.run(...args)
    assert.equal(code, 1, args.join(' '))
    assert.match(stderr, /^hadahoop: [^\n]+\n$/, args.join(' '))
  }
  assert.equal((await command(['--help'])).code, 0)
  assert.match((await command(['--version'])).stdout, /^\d+\.\d+\.\d+\n$/)
})

test('without a node the line says how to start one; the folder comes from the environment too', async () => {
  await using at = await bench()
  const folder = join(at.folder, 'nobody')
  const none = await command(['ls'], '', { HADAHOOP_DATA: folder })
  assert.equal(none.code, 1)
  assert.equal(
    none.stderr,
    `hadahoop: No node runs on ${folder}. Start one with \`hadahoop start\`, or name its folder with --data.\n`,
  )
  await at.node.gateway.stop()
  const gone = await at.run('ls')
  assert.equal(gone.code, 1)
  assert.match(gone.stderr, /No node answers at http/)
  writeFileSync(join(at.folder, 'data', 'api.json'), '{')
  assert.match((await at.run('ls')).stderr, /is damaged\. Restart the node\./)
})

test('names cannot steer the terminal', async () => {
  await using at = await bench()
  await at.node.service.putFolder(['\u001b[2Jgone\nfake'])
  const { stdout } = await at.run('ls')
  assert(!stdout.includes('\u001b'))
  assert.match(stdout, /\\u001b\[2Jgone\\nfake\//)
})
