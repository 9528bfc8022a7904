/**
 * The peer network alone, between two processes over real TLS: payloads of chunk size to a handler that does nothing, the
 * same the other way, and small requests. What the whole path reaches can never be more than this.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import type { NodeId } from '../engine/base/ids.ts'
import { loadIdentity } from '../engine/identity/index.ts'
import { MiB } from '../engine/limits.ts'
import { createPeerNetwork, defineMessage, type Peer } from '../engine/net/index.ts'
import { createDisk, createTransport, systemClock, systemRandom } from '../engine/platform/index.ts'
import { megabytesPerSecond, report } from './figures.ts'

const put = defineMessage('bench.put', 'data', z.object({ id: z.string() }), z.object({ stored: z.boolean() }))
const get = defineMessage('bench.get', 'data', z.object({ id: z.string() }), z.object({ found: z.boolean() }))
const ask = defineMessage('bench.ask', 'control', z.object({ id: z.string() }), z.object({ found: z.boolean() }))

const payload = Buffer.alloc(8 * MiB, 7)
const [folder] = process.argv.slice(2)
if (folder === undefined) await measure()
else await serve(folder)

async function network(dataFolder: string) {
  const identity = await loadIdentity({ disk: createDisk(dataFolder), random: systemRandom }, '0'.repeat(32))
  const ports = { clock: systemClock, random: systemRandom, transport: createTransport(identity, systemClock) }
  const gatekeeper = { admission: () => Buffer.alloc(0), judge: async () => {} }
  const made = createPeerNetwork({ ports, identity, gatekeeper, listen: { host: '127.0.0.1' } })
  await made.start()
  return { made, identity }
}

async function serve(dataFolder: string): Promise<void> {
  const { made, identity } = await network(dataFolder)
  made.handle(put, async (_, { release }) => {
    release()
    return { stored: true }
  })
  made.handle(get, async () => ({ body: { found: true }, payload }))
  made.handle(ask, async () => ({ found: true }))
  process.on('message', () =>
    process.send?.({ ...process.cpuUsage(), peakBytes: process.resourceUsage().maxRSS * 1024 }),
  )
  process.on('disconnect', () => process.exit(0))
  process.send?.({ nodeId: identity.nodeId, address: `127.0.0.1:${made.port}` })
}

async function measure(): Promise<void> {
  const scratch = mkdtempSync(join(tmpdir(), 'hadahoop-bench-'))
  const child = fork(import.meta.filename, [join(scratch, 'other')])
  const [{ nodeId, address }] = (await once(child, 'message')) as [{ nodeId: NodeId; address: string }]
  const { made } = await network(join(scratch, 'own'))
  const connected = new Promise<Peer>((resolve) => made.on({ connected: resolve }))
  made.want(nodeId, [address])
  const peer = await connected

  const far = async () => {
    child.send('usage')
    const [usage] = (await once(child, 'message')) as [NodeJS.CpuUsage & { peakBytes: number }]
    return usage
  }
  const timed = async (count: number, atOnce: number, request: () => Promise<unknown>) => {
    const [own, other, startMs] = [process.cpuUsage(), await far(), performance.now()]
    let left = count
    const worker = async () => {
      for (; left > 0; ) {
        left -= 1
        await request()
      }
    }
    await Promise.all(Array.from({ length: atOnce }, worker))
    const tookMs = performance.now() - startMs
    const [spent, after] = [process.cpuUsage(own), await far()]
    const farMs = (after.user + after.system - other.user - other.system) / 1e3
    return {
      tookMs,
      words: `processor: ${((spent.user + spent.system) / 1e3).toFixed(0)} ms here, ${farMs.toFixed(0)} ms there`,
    }
  }

  const count = 256
  for (let round = 1; round <= 3; round += 1) {
    const there = await timed(count, 4, () => peer.request(put, { id: 'a' }, { payload }))
    report(
      '2 GiB in payloads of 8 MiB, sent',
      megabytesPerSecond(count * payload.length, there.tookMs),
      'MB/s',
      there.words,
    )
    const back = await timed(count, 4, async () => (await peer.request(get, { id: 'a' })).release())
    report(
      '2 GiB in payloads of 8 MiB, fetched',
      megabytesPerSecond(count * payload.length, back.tookMs),
      'MB/s',
      back.words,
    )
    const small = await timed(60_000, 300, () => peer.request(ask, { id: 'a' }))
    report('small requests, 300 at once', 60_000 / (small.tookMs / 1e3), 'per second', small.words)
  }
  report('peak memory here', (process.resourceUsage().maxRSS * 1024) / 1e6, 'MB')
  report('peak memory there', (await far()).peakBytes / 1e6, 'MB')
  child.disconnect()
  await made.stop()
  rmSync(scratch, { recursive: true, force: true })
}
