/**
 * The engine in a process of its own below the desktop app: starts a node on the folder that the app names, says where it answers,
 * stops when told. Dies with the app, since its port to the main process closes.
 */
import { isEngineError } from '../engine/base/error.ts'
import { startNode } from '../engine/main.ts'
import type { FromEngine, ToEngine } from './engineMessages.ts'

const port = process.parentPort
/** Longer than a message takes. */
const lingerMs = 5000
const say = (message: FromEngine): void => port.postMessage(message)

let node: Awaited<ReturnType<typeof startNode>> | undefined

async function start({ dataDir, node: choices, secretsKey }: Extract<ToEngine, { type: 'start' }>): Promise<void> {
  try {
    node = await startNode({
      ...choices,
      dataDir,
      log: (line) => say({ type: 'log', line }),
      ...(secretsKey === undefined ? {} : { secretsKey: Buffer.from(secretsKey, 'base64url') }),
    })
    say({ type: 'ready', url: node.url, token: node.token })
  } catch (error) {
    const known = isEngineError(error)
    const message = error instanceof Error ? error.message : String(error)
    const hint = known ? error.hint : undefined
    say({ type: 'failed', code: known ? error.code : 'internal', message, ...(hint === undefined ? {} : { hint }) })
    // The app ends this process when it has read that; by itself only if nobody does, since leaving at once could lose the message.
    setTimeout(() => process.exit(1), lingerMs).unref()
  }
}

async function stop(): Promise<void> {
  await node?.stop()
  process.exit(0)
}

port.on('message', ({ data }) => {
  const message = data as ToEngine
  void (message.type === 'start' ? start(message) : stop())
})
