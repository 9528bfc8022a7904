/**
 * `hadahoop links …`: folders of this computer whose changes go into the pool.
 */
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { joinPath, type LinkedFolder } from '../../shared/index.ts'
import type { ApiClient } from '../apiClient.ts'
import { Failure, WrongUsage } from '../failure.ts'
import { table, visible } from '../output.ts'
import { parseRemote } from '../remotePath.ts'
import { talks, wholeList } from './context.ts'

interface LinkOptions {
  readonly deletes?: boolean
  readonly ignore?: string[]
}

const url = '/v1/linked-folders'

export function linkCommands(program: Command): void {
  const links = program.command('links').description('folders of this computer whose changes go into the pool')
  talks(links, async (context, client) => {
    context.show(await wholeList(client.items<LinkedFolder>(url)), ({ items }) => wordsOf(items))
  })
  talks<LinkOptions>(
    links
      .command('add <local> <folder>')
      .description('bring what happens in LOCAL into FOLDER, from now on')
      .option('--deletes', 'what is deleted in LOCAL goes to the pool’s trash; else the pool keeps it')
      .option('--ignore <pattern...>', 'leave alone what is called so: *.log, cache/, Old/**'),
    async (context, client, [local = '', folder = ''], { deletes, ignore }) => {
      const link = (await client.ask('POST', url, {
        path: resolve(local),
        folder: joinPath(parseRemote(folder).names),
        deletes: deletes === true,
        ignore: ignore ?? [],
      })) as LinkedFolder
      context.show(
        link,
        ({ path }) => `${visible(path)} is followed from now on; \`hadahoop links\` tells how it gets on.`,
      )
    },
  )
  for (const [action, paused, done] of [
    ['pause', true, 'is not followed for now'],
    ['resume', false, 'is followed again'],
  ] as const) {
    talks(
      links.command(`${action} <link>`).description(paused ? 'do not follow it for now' : 'follow it again'),
      async (context, client, [text = '']) => {
        const { id } = await linkOf(client, text)
        const link = (await client.ask('PATCH', `${url}/${id}`, { paused })) as LinkedFolder
        context.show(link, ({ path }) => `${visible(path)} ${done}.`)
      },
    )
  }
  talks(
    links.command('remove <link>').description('follow it no more; nothing is deleted, here or in the pool'),
    async (context, client, [text = '']) => {
      const { id, path } = await linkOf(client, text)
      context.show(await client.ask('DELETE', `${url}/${id}`), () => `${visible(path)} is followed no more.`)
    },
  )
}

/** A link by its local path, its id or the beginning of it. */
async function linkOf(client: ApiClient, text: string): Promise<LinkedFolder> {
  const { items } = await wholeList(client.items<LinkedFolder>(url))
  const found = items.filter(({ id, path }) => path === resolve(text) || id.startsWith(text.toLowerCase()))
  if (found.length > 1) throw new WrongUsage(`${found.length} links begin with ${text}; use more of the id.`)
  const [only] = found
  if (only === undefined)
    throw new Failure('not-found', `No link is ${text} or begins so.`, { hint: '`hadahoop links` lists them.' })
  return only
}

function wordsOf(items: readonly LinkedFolder[]): string {
  if (items.length === 0) return 'No folder is linked.'
  const rows = items.map((each) => [each.id.slice(0, 8), each.path, each.folder, each.state, howFar(each)])
  const lines = [table(['ID', 'LOCAL', 'INTO', 'STATE', 'FILES'], rows)]
  for (const { problem, failed } of items) {
    if (problem !== undefined) lines.push(`${problem.detail}${problem.hint === undefined ? '' : `. ${problem.hint}`}`)
    lines.push(...failed.map(({ text }) => `failed: ${visible(text)}`))
  }
  return lines.join('\n')
}

function howFar({ files, filesWaiting, deletes }: LinkedFolder): string {
  return [`${files}`, filesWaiting > 0 ? `${filesWaiting} waiting` : '', deletes ? 'deletes too' : '']
    .filter((part) => part !== '')
    .join(', ')
}
