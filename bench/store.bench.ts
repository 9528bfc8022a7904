/**
 * The main job, timed as a user sees it: `hadahoop put` of one 2 GiB file and of 20,000 files of 4 KiB into a pool of two nodes,
 * until all is durable on both; then the large file read back, from a node's own replicas and from other machines. Real
 * processes; the data lies under BENCH_DIR (memory: /dev/shm), else in the temporary folder. Before each of the two that are compared
 * as much is written and deleted as it will write: on a virtual machine whoever comes first would else wait for memory that the host
 * has to find.
 */
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { closeSync, mkdirSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { endAll, joinPool, startPool, TestNode, temporaryFolder, until } from '../e2e/support/nodes.ts'
import { compare, megabytesPerSecond, report, syncthing } from './figures.ts'

const MiB = 1024 * 1024
const bigBytes = Number(process.env['BENCH_BIG_MIB'] ?? 2048) * MiB
const smallFiles = Number(process.env['BENCH_SMALL_FILES'] ?? 20_000)
const smallBytes = 4096
const folder = temporaryFolder('hadahoop-bench-')

const big = await measureBig()
warmUp()
compare('one large file stored on two nodes', big, syncthing('big'), 'MB/s')
const small = await measureSmall()
warmUp()
compare('small files stored on two nodes', small, syncthing('small'), 'files/s')
rmSync(folder, { recursive: true, force: true })

async function measureBig(): Promise<number> {
  const source = join(folder, 'big.bin')
  warmUp()
  const hash = makeRandomFile(source, bigBytes)
  const nodes = await startPool(2)
  const [writer, other] = nodes as [TestNode, TestNode]
  try {
    const startMs = performance.now()
    const put = await writer.command('put', source, '/big.bin', '--json')
    const tookMs = performance.now() - startMs
    assert.equal(put.code, 0, put.stderr)
    const [entry] = await writer.list('')
    assert.equal(entry?.copies.durable, 2)
    const rate = megabytesPerSecond(bigBytes, tookMs)
    report('one large file stored on two nodes', rate, 'MB/s', `${(tookMs / 1e3).toFixed(1)} s`)
    await readBack('read back from own replicas', other, hash)
    const third = await TestNode.start('reader')
    nodes.push(third)
    await joinPool(writer, third)
    await until('the third node knows the file', async () => (await third.list('')).length === 1)
    await readBack('read back from two other machines', third, hash)
    for (const node of nodes) report(`peak memory of ${node.name}`, node.peakBytes() / 1e6, 'MB')
    return rate
  } finally {
    await endAll(nodes)
    rmSync(source)
  }
}

async function readBack(what: string, node: TestNode, hash: string): Promise<void> {
  const startMs = performance.now()
  const response = await node.fetch('/v1/files/big.bin')
  const digest = createHash('sha256')
  let bytes = 0
  for await (const part of response.body as unknown as AsyncIterable<Uint8Array>) {
    digest.update(part)
    bytes += part.length
  }
  const tookMs = performance.now() - startMs
  assert.equal(bytes, bigBytes)
  assert.equal(digest.digest('hex'), hash)
  report(what, megabytesPerSecond(bytes, tookMs), 'MB/s', 'hashing by the reader included')
}

async function measureSmall(): Promise<number> {
  const source = join(folder, 'small')
  warmUp()
  makeSmallFiles(source)
  const nodes = await startPool(2)
  const [writer, other] = nodes as [TestNode, TestNode]
  try {
    const startMs = performance.now()
    const put = await writer.command('put', source, '/small', '--json')
    const tookMs = performance.now() - startMs
    assert.equal(put.code, 0, put.stderr)
    assert.equal((JSON.parse(put.stdout) as { files: number }).files, smallFiles)
    const rate = smallFiles / (tookMs / 1e3)
    report('small files stored on two nodes', rate, 'files/s', `${(tookMs / 1e3).toFixed(1)} s`)
    await until('the other node has all', async () => {
      const pool = await other.json<{ files: number }>('GET', '/v1/pool')
      return pool.files === smallFiles || `${pool.files} files`
    })
    await until('the other node knows all copies', async () => {
      const { files } = await other.health()
      return files.protected === smallFiles || JSON.stringify(files)
    })
    for (const node of nodes) report(`peak memory of ${node.name}`, node.peakBytes() / 1e6, 'MB')
    return rate
  } finally {
    await endAll(nodes)
    rmSync(source, { recursive: true, force: true })
  }
}

/** Writes and deletes three times the large file: it and its two copies. */
function warmUp(): void {
  const path = join(folder, 'warm-up')
  const file = openSync(path, 'w')
  const part = Buffer.alloc(8 * MiB, 1)
  for (let written = 0; written < 3 * bigBytes; written += part.length) writeSync(file, part)
  closeSync(file)
  rmSync(path)
}

/** A file of random bytes; answers its SHA-256. */
function makeRandomFile(path: string, bytes: number): string {
  const digest = createHash('sha256')
  const file = openSync(path, 'w')
  for (let written = 0; written < bytes; written += 8 * MiB) {
    const part = randomBytes(Math.min(8 * MiB, bytes - written))
    digest.update(part)
    writeSync(file, part)
  }
  closeSync(file)
  return digest.digest('hex')
}

function makeSmallFiles(target: string): void {
  for (let index = 0; index < smallFiles; index++) {
    const inside = join(target, String(Math.floor(index / 500)).padStart(3, '0'))
    if (index % 500 === 0) mkdirSync(inside, { recursive: true })
    writeFileSync(join(inside, `${index}.dat`), randomBytes(smallBytes))
  }
}
