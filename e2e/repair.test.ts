/**
 * Repair among real processes: a machine that dies for good is copied when its wait ends, and only what is missing; a read whose
 * source dies goes on.
 */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import type { WhatIf } from '../shared/index.ts'
import { endAll, startPool, type TestNode, until } from './support/nodes.ts'

const MiB = 1024 * 1024
const minuteMs = 60_000
/** Just over the time after which a silent machine is offline at all. */
const waitMs = 16_000
/** Machines look every 2 s whether something should move to an emptier one; three looks without any. */
const quietMs = 6_000
/** Well below the 6 s of silence after which a machine is suspect: its death is noticed by the broken wire, and not by waiting. */
const gapMs = 4_000

let nodes: TestNode[] = []
before(async () => {
  nodes = await startPool(4)
})
after(async () => await endAll(nodes))

async function usedBytes(node: TestNode): Promise<number> {
  const self = (await node.nodes()).find((each) => each.id === node.nodeId)
  assert(self !== undefined)
  return self.usedBytes
}

async function copiedBytes(node: TestNode): Promise<number> {
  return (await node.health()).repair.copiedBytes
}

async function sumOf(some: readonly TestNode[], figure: (node: TestNode) => Promise<number>): Promise<number> {
  return (await Promise.all(some.map(figure))).reduce((sum, each) => sum + each, 0)
}

/** Until no replica has come or gone anywhere for a while: machines also even out their fill. */
async function untilQuiet(some: readonly TestNode[]): Promise<number> {
  let seen = -1
  let sinceMs = performance.now()
  await until('nothing moves', async () => {
    const now = await sumOf(some, usedBytes)
    if (now !== seen) sinceMs = performance.now()
    seen = now
    return performance.now() - sinceMs > quietMs
  })
  return seen
}

test('a machine that is lost for good is copied within five seconds of the end of its wait, exactly what is missing', async (context) => {
  const [first] = nodes as [TestNode]
  for (let file = 0; file < 6; file++)
    await (nodes[file % 4] as TestNode).put(`lost/file${file}`, randomBytes(3 * MiB), '?wait=all')
  const graceMs = { 'always-on': waitMs, desktop: waitMs, laptop: waitMs }
  await first.json('PATCH', '/v1/settings', { graceMs })
  const lost = nodes[3] as TestNode
  const survivors = nodes.slice(0, 3)
  await untilQuiet(nodes)
  const { bytesToCopy: missing } = await first.json<WhatIf>('GET', `/v1/health/what-if?lost=${lost.nodeId}`)
  assert.equal(missing, await usedBytes(lost))
  const started = await sumOf(survivors, copiedBytes)
  const usedBefore = await sumOf(survivors, usedBytes)
  await lost.kill()
  const killedMs = performance.now()
  await until('repair has begun', async () => (await sumOf(survivors, copiedBytes)) > started, minuteMs)
  const beganMs = performance.now() - killedMs
  await until(
    'all is protected again',
    async () => {
      const { state, repair } = await first.health()
      return (state === 'protected' && repair.queuedChunks === 0) || `${state}, ${repair.queuedChunks} chunks queued`
    },
    minuteMs,
  )
  context.diagnostic(`began ${Math.round(beganMs)} ms after the kill, ${missing} bytes were missing`)
  assert.ok(beganMs > waitMs - 3_000 && beganMs < waitMs + 5_000, `began after ${beganMs} ms`)
  // Who ordered a copy hears of it after all others; what moves on to an emptier machine is on both for a while. A copy too many
  // would stay for two minutes.
  const isExact = (bytes: number) =>
    (bytes >= missing && bytes <= 1.02 * missing) || `${bytes} bytes for ${missing} missing ones`
  await until('as much is copied', async () => isExact((await sumOf(survivors, copiedBytes)) - started))
  await until('as much more is used', async () => isExact((await sumOf(survivors, usedBytes)) - usedBefore))
})

test('a read under way goes on at once when its source machine dies', async (context) => {
  const content = randomBytes(48 * MiB)
  const [writer, reader] = nodes as [TestNode, TestNode]
  await writer.put('film', content, '?wait=all')
  const response = await reader.fetch('/v1/files/film')
  assert(response.body !== null)
  const parts: Uint8Array[] = []
  let received = 0
  let lastMs = performance.now()
  let largestGapMs = 0
  let killed: Promise<void> | undefined
  for await (const part of response.body) {
    const nowMs = performance.now()
    if (killed !== undefined) largestGapMs = Math.max(largestGapMs, nowMs - lastMs)
    lastMs = nowMs
    parts.push(part)
    received += part.length
    // Whoever wrote it has a copy of every chunk: it is a source of this read, whichever else is.
    if (received > 8 * MiB) killed ??= writer.kill()
  }
  await killed
  assert.ok(Buffer.concat(parts).equals(content))
  context.diagnostic(`largest gap between two parts ${Math.round(largestGapMs)} ms`)
  assert.ok(largestGapMs < gapMs, `${largestGapMs} ms between two parts`)
})
