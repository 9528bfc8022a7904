/**
 * `hadahoop transfers …` and `put --background`: imports that the node does by itself, and what becomes of them.
 */
import { basename, resolve } from 'node:path'
import type { Command } from 'commander'
import {
  formatBytes,
  formatCount,
  formatDuration,
  type ImportAnswer,
  joinPath,
  type Transfer,
  type TransferPage,
} from '../../shared/index.ts'
import type { ApiClient } from '../apiClient.ts'
import { Failure, WrongUsage } from '../failure.ts'
import { table, visible } from '../output.ts'
import type { RemotePath } from '../remotePath.ts'
import { type Context, talks } from './context.ts'

const listUrl = '/v1/transfers?limit=1000'
const steering = [
  ['pause', 'stop it until it is resumed, over restarts too', 'is paused'],
  ['resume', 'go on', 'goes on'],
  ['cancel', 'stop it; what is stored stays', 'is cancelled'],
  ['retry', 'try again what failed', 'is tried again'],
] as const

export function transferCommands(program: Command): void {
  const transfers = program.command('transfers').description('imports under way and ended, newest first')
  talks(transfers, async (context, client) => {
    context.show(await client.get<TransferPage>(listUrl), wordsOf)
  })
  for (const [action, description, done] of steering) {
    talks(transfers.command(`${action} <transfer>`).description(description), async (context, client, [text = '']) => {
      const { id } = await transferOf(client, text)
      const transfer = (await client.ask('POST', `/v1/transfers/${id}/${action}`)) as Transfer
      context.show(transfer, ({ name }) => `${visible(name)} ${done}.`)
    })
  }
  talks(
    transfers.command('forget [transfer]').description('one that has ended, or all of those; the files stay'),
    async (context, client, [text]) => {
      const path = text === undefined ? '' : `/${(await transferOf(client, text)).id}`
      context.show(await client.ask('DELETE', `/v1/transfers${path}`), () => 'Forgotten.')
    },
  )
}

/** Hands the files to the node, which stores them by itself. */
export async function putInBackground(
  context: Context,
  client: ApiClient,
  locals: readonly string[],
  remote: RemotePath,
): Promise<void> {
  if (locals.includes('-')) throw new WrongUsage('Standard input cannot be stored in the background.')
  const answer = (await client.ask('POST', '/v1/imports', {
    paths: locals.map((local) => resolve(local)),
    folder: joinPath(folderOf(locals, remote)),
  })) as ImportAnswer
  context.show(
    answer,
    ({ id }) => `The node stores it; \`hadahoop transfers\` tells how far it is (${id.slice(0, 8)}).`,
  )
}

/** An import keeps names: REMOTE is the folder, or the name itself below a folder. */
function folderOf(locals: readonly string[], { names, intoFolder }: RemotePath): readonly string[] {
  if (intoFolder || locals.length > 1) return names
  if (names.at(-1) === basename(resolve(locals[0] ?? ''))) return names.slice(0, -1)
  throw new WrongUsage('With --background files keep their names; name the folder, with a slash at its end.')
}

/** A transfer by its id or the beginning of it. */
async function transferOf(client: ApiClient, text: string): Promise<Transfer> {
  const { items } = await client.get<TransferPage>(listUrl)
  const found = items.filter(({ id }) => id.startsWith(text.toLowerCase()))
  if (found.length > 1) throw new WrongUsage(`${found.length} transfers begin with ${text}; use more of the id.`)
  const [only] = found
  if (only === undefined)
    throw new Failure('not-found', `No transfer begins with ${text}.`, { hint: '`hadahoop transfers` lists them.' })
  return only
}

function wordsOf({ items, uncopied }: TransferPage): string {
  const rows = items.map((each) => [each.id.slice(0, 8), each.name, each.folder, stateOf(each), howFar(each)])
  const lines = items.length === 0 ? ['Nothing is moving.'] : [table(['ID', 'NAME', 'INTO', 'STATE', 'HOW FAR'], rows)]
  for (const { name, error, failed } of items) {
    if (error === undefined) continue
    lines.push(`${visible(name)}: ${visible(error.detail)}${error.hint === undefined ? '' : ` ${error.hint}`}`)
    if (failed.length > 1) lines.push(...failed.map(({ text }) => `  ${visible(text)}`))
  }
  if (uncopied.files > 0) {
    lines.push(`On this machine alone so far: ${formatCount(uncopied.files, 'file')} (${formatBytes(uncopied.bytes)}).`)
  }
  return lines.join('\n')
}

function stateOf({ state, phase }: Transfer): string {
  return state === 'done' ? (phase === 'protected' ? 'protected' : 'stored here') : state
}

function howFar({
  state,
  filesDone,
  filesTotal,
  bytesDone,
  bytesTotal,
  rateBytesPerSec,
  secondsLeft,
}: Transfer): string {
  if (state === 'done') return `${formatCount(filesDone, 'file')}, ${formatBytes(bytesDone)}`
  const sums = `${filesDone} of ${filesTotal} files, ${formatBytes(bytesDone)} of ${formatBytes(bytesTotal)}`
  if (state !== 'running') return sums
  const left = secondsLeft === null ? '' : `, ${formatDuration(secondsLeft * 1000)} left`
  return `${sums}, ${formatBytes(rateBytesPerSec)}/s${left}`
}
