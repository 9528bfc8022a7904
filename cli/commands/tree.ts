/**
 * The commands on files and folders in the pool that move no bytes: ls, stat, mkdir, mv, cp, rm, find, versions, restore.
 */
import { type Command, Option } from 'commander'
import {
  contentTypes,
  type Entry,
  fileStates,
  formatBytes,
  joinPath,
  type TrashItem,
  type Version,
} from '../../shared/index.ts'
import { type ApiClient, ApiFailure } from '../apiClient.ts'
import { Failure, WrongUsage } from '../failure.ts'
import { localTime, print, printJson, table, visible } from '../output.ts'
import { entryUrl, fileUrl, folderUrl, parseRemote, type RemotePath } from '../remotePath.ts'
import { entryAt } from '../transfer/put.ts'
import { talks, wholeList } from './context.ts'
import { nodeOf } from './machines.ts'
import { sizeOf } from './start.ts'

/** What a node answers for a route that it lacks. */
const missingCodes = ['not-found', 'method-not-allowed']

export function treeCommands(program: Command): void {
  talks<{ sort: string; reverse?: boolean }>(
    program
      .command('ls [path]')
      .description('what is in a folder')
      .addOption(new Option('--sort <by>', 'order').choices(['name', 'size', 'modified']).default('name'))
      .option('--reverse', 'the other way round'),
    async (context, client, [text = '/'], { sort, reverse }) => {
      const { names } = parseRemote(text)
      const items = client.items<Entry>(folderUrl(names), { sort, order: reverse ? 'desc' : 'asc' })
      const list = await wholeList(items).catch(async (error: unknown) => {
        if (!(error instanceof ApiFailure) || error.code !== 'wrong-kind') throw error
        return { items: [await client.get<Entry>(entryUrl(names))], next: null }
      })
      context.show(list, ({ items }) => entryTable(items, ({ name }) => name))
    },
  )

  talks(program.command('stat <path>').description('one file or folder'), async (context, client, [text = '']) => {
    context.show(await client.get<Entry>(entryUrl(parseRemote(text).names)), entryWords)
  })

  talks(
    program.command('mkdir <path>').description('make a folder and those above it'),
    async (context, client, [text = '']) => {
      context.show((await client.ask('PUT', folderUrl(parseRemote(text).names))) as Entry, ({ path }) => visible(path))
    },
  )

  talks(
    program.command('mv <from> <to>').description('move or rename; into TO if it ends with a slash'),
    async (context, client, [from = '', to = '']) => {
      const { entry, path } = await moveOf(client, from, to)
      context.show((await client.ask('PATCH', `/v1/entries/${entry.id}`, { path })) as Entry, (moved) =>
        visible(moved.path),
      )
    },
  )

  talks(
    program.command('cp <from> <to>').description('copy without moving bytes; into TO if it ends with a slash'),
    async (context, client, [from = '', to = '']) => {
      const { entry, path } = await moveOf(client, from, to)
      const copy = (await client.ask('POST', `/v1/entries/${entry.id}/copy`, { path })) as Entry
      context.show(copy, (made) => visible(made.path))
    },
  )

  talks<{ yes?: boolean }>(
    program.command('rm <path...>').description('to the trash').option('--yes', 'also when it is much'),
    async (context, client, texts, { yes }) => {
      const deleted: string[] = []
      for (const text of texts) {
        const { names } = parseRemote(text)
        const { kind } = await client.get<Entry>(entryUrl(names))
        await deleteConfirmed(client, kind === 'file' ? fileUrl(names) : folderUrl(names), yes === true)
        deleted.push(joinPath(names))
      }
      context.show({ deleted }, () => deleted.map((path) => `${visible(path)} is in the trash.`).join('\n'))
    },
  )

  findCommand(program)

  talks(
    program.command('versions <path>').description('kept versions of a file, newest first'),
    async (context, client, [text = '']) => {
      const { id } = await client.get<Entry>(entryUrl(parseRemote(text).names))
      context.show(await wholeList(client.items<Version>(`/v1/entries/${id}/versions`)), ({ items }) =>
        table(
          ['version', '', 'size', 'modified', 'written', 'on'],
          items.map((one) => [
            one.id,
            one.current ? 'current' : '',
            formatBytes(one.size),
            localTime(one.modified),
            localTime(one.created),
            one.author.slice(0, 8),
          ]),
          [2],
        ),
      )
    },
  )

  talks(
    program.command('restore <path> [version]').description('an earlier version, or what was deleted'),
    async (context, client, [text = '', version]) => {
      context.show(await restore(client, parseRemote(text), version), ({ path }) => `${visible(path)} is back.`)
    },
  )

  trashCommands(program)
}

function findCommand(program: Command): void {
  talks<Record<string, string | number>>(
    program
      .command('find [query]')
      .description('by any part of the name')
      .addOption(new Option('--kind <kind>', 'only these').choices(['file', 'folder']))
      .addOption(new Option('--type <type>', 'only these').choices(contentTypes))
      .option('--min-size <size>', 'at least', sizeOf)
      .option('--max-size <size>', 'at most', sizeOf)
      .option('--after <time>', 'modified after (RFC 3339)')
      .option('--before <time>', 'modified before (RFC 3339)')
      .option('--folder <path>', 'only below')
      .option('--node <node>', 'only files with a copy on this machine')
      .addOption(new Option('--state <state>', 'only in this state').choices(fileStates)),
    async (context, client, [q = ''], { folder, node, ...filters }) => {
      const query = Object.fromEntries(Object.entries(filters).map(([name, value]) => [name, String(value)]))
      if (node !== undefined) query['node'] = (await nodeOf(client, String(node))).id
      if (folder !== undefined) query['folder'] = joinPath(parseRemote(String(folder)).names)
      context.show(await wholeList(client.items<Entry>('/v1/search', { q, ...query })), ({ items }) =>
        entryTable(items, ({ path }) => path),
      )
    },
  )
}

function trashCommands(program: Command): void {
  const trash = program.command('trash').description('what was deleted')
  const list = async (client: ApiClient) => wholeList(client.items<TrashItem>('/v1/trash'))
  const words = ({ items }: { items: TrashItem[] }) =>
    table(
      ['id', 'was at', 'size', 'deleted', 'on'],
      items.map((one) => [
        one.id,
        one.kind === 'folder' ? `${one.path}/` : one.path,
        one.size === null ? '' : formatBytes(one.size),
        localTime(one.deletedAt),
        one.deletedBy.slice(0, 8),
      ]),
      [2],
    )
  talks(trash, async (context, client) => context.show(await list(client), words))
  talks(trash.command('list').description('what was deleted, newest first'), async (context, client) =>
    context.show(await list(client), words),
  )
  talks(
    trash.command('restore <id-or-path>').description('back to where it was'),
    async (context, client, [text = '']) => {
      const item = await trashed(client, text)
      context.show(
        (await client.ask('POST', `/v1/trash/${item.id}/restore`)) as Entry,
        ({ path }) => `${visible(path)} is back.`,
      )
    },
  )
  talks<{ yes?: boolean }>(
    trash
      .command('empty [id-or-path]')
      .description('delete for good (not in this release, which keeps everything)')
      .option('--yes', 'also when it is much'),
    async (_context, client, [text], { yes }) => {
      const url = text === undefined ? '/v1/trash' : `/v1/trash/${(await trashed(client, text)).id}`
      await deleteConfirmed(client, url, yes === true).catch(sayIfMissing)
      if (_context.json) printJson({})
      else print('Deleted for good.')
    },
  )
}

/** This release keeps everything: the node has no such route yet. */
function sayIfMissing(error: unknown): never {
  if (!(error instanceof ApiFailure) || !missingCodes.includes(error.code)) throw error
  throw new Failure('not-yet', 'This release deletes nothing for good: the trash keeps everything.', {
    hint: 'A later release will empty it.',
  })
}

/** An item of the trash by id, or the newest that was at a path. */
async function trashed(client: ApiClient, text: string): Promise<TrashItem> {
  const path = /^[0-9a-f]{32}$/.test(text) ? undefined : joinPath(parseRemote(text).names)
  for await (const item of client.items<TrashItem>('/v1/trash')) {
    if (path === undefined ? item.id === text : item.path === path) return item
  }
  throw new Failure('not-found', `The trash has nothing of ${visible(text)}.`, {
    hint: '`hadahoop trash` lists what it has.',
  })
}

/** With a version: that one becomes current. Without: what was deleted comes back, or a live file's last version before the current. */
async function restore(client: ApiClient, { names }: RemotePath, version: string | undefined): Promise<Entry> {
  const entry = await entryAt(client, names)
  if (entry === undefined) {
    if (version !== undefined) throw new Failure('not-found', `There is nothing at ${visible(joinPath(names))}.`)
    const item = await trashed(client, joinPath(names))
    return (await client.ask('POST', `/v1/trash/${item.id}/restore`)) as Entry
  }
  const versions = await wholeList(client.items<Version>(`/v1/entries/${entry.id}/versions`))
  const chosen =
    version === undefined
      ? versions.items.find(({ current }) => !current)
      : unique(versions.items.filter(({ id }) => id.startsWith(version.toLowerCase())))
  if (chosen === undefined) {
    throw new Failure(
      'not-found',
      `${visible(joinPath(names))} has no ${version === undefined ? 'earlier version' : `version ${version}`}.`,
      {
        hint: '`hadahoop versions` lists them.',
      },
    )
  }
  return (await client.ask('POST', `/v1/entries/${entry.id}/versions/${chosen.id}/restore`)) as Entry
}

function unique<T>(found: readonly T[]): T | undefined {
  return found.length === 1 ? found[0] : undefined
}

/** The entry at FROM and the path it is to have. */
async function moveOf(client: ApiClient, from: string, to: string): Promise<{ entry: Entry; path: string }> {
  const source = parseRemote(from).names
  const target = parseRemote(to)
  const name = source.at(-1)
  if (name === undefined) throw new WrongUsage('The root stays where it is.')
  const entry = await client.get<Entry>(entryUrl(source))
  return { entry, path: joinPath(target.intoFolder ? [...target.names, name] : target.names) }
}

async function deleteConfirmed(client: ApiClient, url: string, yes: boolean): Promise<void> {
  try {
    await client.ask('DELETE', url)
  } catch (error) {
    if (!(error instanceof ApiFailure) || error.code !== 'confirm-needed') throw error
    const { confirm, entries, bytes } = error.problem
    if (!yes) {
      throw new Failure(error.code, `This deletes ${Number(entries)} entries, ${formatBytes(Number(bytes))}.`, {
        hint: 'Repeat with --yes.',
      })
    }
    await client.ask('DELETE', url, undefined, { confirm: String(confirm) })
  }
}

function entryTable(entries: readonly Entry[], label: (entry: Entry) => string): string {
  return table(
    ['state', 'copies', 'size', 'modified', 'name'],
    entries.map((entry) => [
      entry.state,
      `${entry.copies.durable}/${entry.copies.wanted}`,
      entry.size === null ? '' : formatBytes(entry.size),
      localTime(entry.modified),
      entry.kind === 'folder' ? `${label(entry)}/` : label(entry),
    ]),
    [1, 2],
  )
}

function entryWords(entry: Entry): string {
  const { copies, reasons } = entry
  return [
    visible(entry.path),
    `  ${entry.kind}, ${entry.size === null ? '' : `${entry.size} bytes, `}modified ${entry.modified}`,
    `  ${entry.state}: ${copies.durable} of ${copies.wanted} copies, ${copies.reachable} within reach`,
    ...reasons.map(({ text, action }) => `  - ${text}${action ? ` ${action}` : ''}`),
    `  id ${entry.id}${entry.version === null ? '' : `, version ${entry.version}`}`,
  ].join('\n')
}
