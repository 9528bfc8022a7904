import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import test from 'node:test'
import { startNode } from '../engine/main.ts'

function start(folder: string, ...args: string[]) {
  const main = join(import.meta.dirname, 'main.ts')
  const child = spawn(process.execPath, [
    main,
    'start',
    '--data',
    folder,
    '--no-discovery',
    '--listen',
    '127.0.0.1',
    ...args,
  ])
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return { child, line: async () => String((await lines.next()).value), exit: once(child, 'exit') }
}

test('start says where it is, lets only its owner in, and stops cleanly at either signal', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hadahoop-start-'))
  const file = join(folder, 'api.json')
  const first = start(folder, '--name', 'one', '--json')
  const ready = JSON.parse(await first.line()) as Record<string, string>
  assert.deepEqual(Object.keys(ready), ['nodeId', 'url', 'token', 'peerAddress'])
  const { url, token } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>
  assert.deepEqual([url, token], [ready['url'], ready['token']])
  if (process.platform !== 'win32') assert.equal(statSync(file).mode & 0o777, 0o600)
  first.child.kill('SIGTERM')
  assert.deepEqual(await first.exit, [0, null])
  assert(!existsSync(file))

  const again = start(folder)
  const login = /(http:\S+)\/#login=\S+/.exec(await again.line())
  assert.equal(login?.[1], url, 'the port is kept')
  again.child.kill('SIGINT')
  assert.deepEqual(await again.exit, [0, null])
  rmSync(folder, { recursive: true })
})

test('start on secrets that the keychain wraps ends with one line that names the way, and the way works', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hadahoop-wrapped-'))
  const asApp = { dataDir: folder, discovery: false, listen: '127.0.0.1', secretsKey: Buffer.alloc(32, 1) }
  const main = join(import.meta.dirname, 'main.ts')
  const run = async (...args: string[]) => {
    const child = spawn(process.execPath, [main, ...args, '--data', folder])
    let [output, complaint] = ['', '']
    child.stdout.on('data', (part: Buffer) => (output += part.toString()))
    child.stderr.on('data', (part: Buffer) => (complaint += part.toString()))
    const [code] = (await once(child, 'close')) as [number]
    return { code, output, complaint }
  }
  const first = await startNode(asApp)
  assert.match((await run('secrets')).output, /wrapped with a key/)
  await first.stop()

  const refused = await run('start', '--no-discovery')
  assert.equal(refused.code, 1)
  assert.match(refused.complaint, /^hadahoop: the secrets .* are wrapped .* `hadahoop secrets unwrap` .*\n$/)

  const second = await startNode(asApp)
  assert.equal(second.nodeId, first.nodeId)
  assert.match((await run('secrets', 'unwrap')).output, /files that only their owner/)
  await second.stop()
  const third = start(folder, '--json')
  assert.equal((JSON.parse(await third.line()) as { nodeId: string }).nodeId, first.nodeId)
  third.child.kill('SIGTERM')
  await third.exit
  rmSync(folder, { recursive: true })
})

test('a port that another program took meanwhile is given up for a free one, unless it was asked for', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'hadahoop-ports-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const told: string[] = []
  const log = (line: string) => void told.push(line)
  const options = { dataDir: folder, discovery: false, listen: '127.0.0.1', log }
  const first = await startNode(options)
  await first.stop()
  const ports = [first.url, first.peerAddress].map((address) => Number(address.split(':').at(-1)))
  for (const port of ports) {
    const other = createServer().listen(port, '127.0.0.1')
    t.after(() => other.close())
    await once(other, 'listening')
  }
  const second = await startNode(options)
  assert.notEqual(second.url, first.url)
  assert.notEqual(second.peerAddress, first.peerAddress)
  assert.equal((await fetch(second.url)).status, 200)
  await second.stop()
  for (const port of ports) assert.ok(told.some((line) => line.includes(`another program has port ${port},`)))
  await assert.rejects(startNode({ ...options, apiPort: ports[0] as number }), { code: 'port-taken' })
})
