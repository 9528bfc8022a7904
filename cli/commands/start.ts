/**
 * `hadahoop start`: a node in the foreground until a signal stops it. A second signal does not wait.
 */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { parseSize } from '../../shared/index.ts'
import { note, print, printJson } from '../output.ts'
import { Context } from './context.ts'

/** A clean stop takes a fraction of this. */
const STOP_MAX_MS = 15_000

interface StartOptions {
  readonly name?: string
  readonly apiPort?: number
  readonly peerPort?: number
  readonly listen?: string
  readonly apiListen?: string
  readonly discovery: boolean
  readonly site?: string
  readonly quota?: number
  readonly minFree?: number
}

export function startCommand(program: Command): void {
  const command = program
    .command('start')
    .description('run a node in the foreground')
    .option('--name <name>', 'what this machine is called')
    .option('--api-port <port>', 'port of the API on this computer', portOf)
    .option('--peer-port <port>', 'port for the other machines', portOf)
    .option('--listen <host>', 'address for the other machines (default: all)')
    .option('--api-listen <host>', 'offer the API at this address, with TLS, instead of to this computer only')
    .option('--no-discovery', 'do not look for machines on the local network')
    .option('--site <site>', 'where this machine stands: home, office')
    .option('--quota <size>', 'space it gives to the pool: 500GB', sizeOf)
    .option(
      '--min-free <size>',
      'space that stays free on its disk whatever the quota (default: 537MB, at least 17MB)',
      sizeOf,
    )
    .addOption(new Option('--headless').hideHelp())
  command.action(async () => {
    const context = new Context(command.optsWithGlobals())
    const { apiPort, peerPort, listen, apiListen, name, site, quota, minFree, discovery } = command.opts<StartOptions>()
    // Listened for from the beginning: whoever reads the first line may stop the node at once.
    const stopped = stopSignal()
    const { startNode } = await import('../../engine/main.ts')
    const node = await startNode({
      dataDir: context.folder,
      discovery,
      log: note,
      ...(name === undefined ? {} : { name }),
      ...(apiPort === undefined ? {} : { apiPort }),
      ...(peerPort === undefined ? {} : { peerPort }),
      ...(listen === undefined ? {} : { listen }),
      ...(apiListen === undefined ? {} : { apiListen }),
      ...(site === undefined ? {} : { site }),
      ...(quota === undefined ? {} : { quotaBytes: quota }),
      ...(minFree === undefined ? {} : { minimumFreeBytes: minFree }),
    })
    const { nodeId, url, token, peerAddress } = node
    if (context.json) printJson({ nodeId, url, token, peerAddress })
    else {
      print(`Hadahoop runs. Open ${node.loginUrl()}`)
      print('(that address works once, within five minutes; `hadahoop open` prints a fresh one)')
      print(`Other machines reach it at ${peerAddress}. Its data lies in ${context.folder}. Ctrl+C stops it.`)
    }
    await stopped
    // What was acknowledged is on the disk already: a stop that hangs may be cut.
    setTimeout(() => {
      note('Stopping took too long and was cut; nothing that was acknowledged is lost.')
      process.exit(1)
    }, STOP_MAX_MS)
    await node.stop()
    // Nothing is left to wait for, whatever a library may still hold open.
    process.exit(0)
  })
}

/** Resolves at the first SIGTERM or SIGINT; the second ends the process at once. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    let stopping = false
    const stop = () => {
      if (stopping) {
        note('Stopped without waiting.')
        process.exit(1)
      }
      stopping = true
      resolve()
    }
    process.on('SIGTERM', stop).on('SIGINT', stop)
  })
}

function portOf(text: string): number {
  const port = Number(text)
  if (/^\d+$/.test(text) && port <= 65_535) return port
  throw new InvalidArgumentError('A port is a number from 0 to 65535.')
}

export function sizeOf(text: string): number {
  const sizeBytes = parseSize(text)
  if (sizeBytes === undefined) throw new InvalidArgumentError('A size is like 500GB, 1.5TB or 4096.')
  return sizeBytes
}
