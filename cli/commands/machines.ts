/**
 * `hadahoop nodes …`: the machines of the pool, and what people decide about them.
 */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { formatBytes, formatCount, type Node } from '../../shared/index.ts'
import type { ApiClient } from '../apiClient.ts'
import { Failure, WrongUsage } from '../failure.ts'
import { localTime, table } from '../output.ts'
import { talks, wholeList } from './context.ts'
import { sizeOf } from './start.ts'

interface SetOptions {
  readonly name?: string
  readonly site?: string
  readonly quota?: number
  readonly class?: string
  readonly deviceClass?: string
  readonly awayUntil?: string
}

const deviceClasses = ['always-on', 'desktop', 'laptop']
const hourMs = 3_600_000

export function machineCommands(program: Command): void {
  const nodes = program.command('nodes').description('the machines of the pool')
  talks(nodes, async (context, client) => {
    context.show(await wholeList(client.items<Node>('/v1/nodes')), ({ items }) => nodeTable(items))
  })

  talks<{ undo?: boolean; stop?: boolean }>(
    nodes
      .command('drain <node>')
      .description('move everything off a machine')
      .option('--undo', 'keep it after all')
      .addOption(new Option('--stop', 'the same').hideHelp()),
    async (context, client, [text = ''], { undo, stop }) => {
      const { id } = await nodeOf(client, text)
      const node = (await client.ask('PATCH', `/v1/nodes/${id}`, { drain: !(undo ?? stop ?? false) })) as Node
      context.show(node, ({ name, drain }) => (drain ? `${name} is being emptied.` : `${name} is used again.`))
    },
  )

  talks<{ back?: boolean }>(
    nodes
      .command('away <node> [until]')
      .description('nobody waits for it before: a time (RFC 3339) or 8h, 3d; at most 7 days')
      .option('--back', 'it is back'),
    async (context, client, [text = '', until], { back }) => {
      if ((until === undefined) === (back !== true)) throw new WrongUsage('Say until when, or --back.')
      const { id } = await nodeOf(client, text)
      const awayUntil = until === undefined ? null : awayOf(until)
      const node = (await client.ask('PATCH', `/v1/nodes/${id}`, { awayUntil })) as Node
      context.show(node, ({ name, awayUntil: told }) =>
        told === null ? `${name} is expected.` : `${name} is not missed before ${localTime(told)}.`,
      )
    },
  )

  talks<{ undo?: boolean }>(
    nodes
      .command('missed <node>')
      .description('copy what a machine holds that is away now, without waiting for it')
      .option('--undo', 'wait for it after all'),
    async (context, client, [text = ''], { undo }) => {
      const { id } = await nodeOf(client, text)
      const node = (await client.ask('PATCH', `/v1/nodes/${id}`, { missed: undo !== true })) as Node
      context.show(node, ({ name, missed }) =>
        missed ? `What ${name} holds is copied now.` : `${name} is waited for again.`,
      )
    },
  )

  talks(
    nodes.command('replace <old> <new>').description('a new machine takes the place of an old one'),
    async (context, client, [oldText = '', newText = '']) => {
      const old = await nodeOf(client, oldText)
      const heir = await nodeOf(client, newText)
      const answer = await client.ask('POST', `/v1/nodes/${old.id}/replace`, { by: heir.id })
      context.show(answer, () => `${heir.name} takes the place of ${old.name}; \`hadahoop nodes\` shows how far it is.`)
    },
  )

  talks(
    nodes.command('remove <node>').description('remove a machine from the pool for good'),
    async (context, client, [text = '']) => {
      const { id, name } = await nodeOf(client, text)
      context.show(await client.ask('DELETE', `/v1/nodes/${id}`), () => `${name} is removed from the pool.`)
    },
  )

  talks<SetOptions>(
    nodes
      .command('set <node>')
      .description('what a machine is called, where it stands, what it gives')
      .option('--name <name>', 'its name')
      .option('--site <site>', 'where it stands')
      .option('--quota <size>', 'space it gives to the pool', sizeOf)
      .addOption(new Option('--class <class>', 'what it is').choices(deviceClasses))
      .addOption(new Option('--device-class <class>', 'the same').choices(deviceClasses).hideHelp())
      .option('--away-until <time>', 'when it comes back (see `nodes away`), or `no`', awayOf),
    async (context, client, [text = ''], { name, site, quota, class: kind, deviceClass, awayUntil }) => {
      const patch = {
        name,
        site,
        quotaBytes: quota,
        deviceClass: kind ?? deviceClass,
        awayUntil: awayUntil === 'no' ? null : awayUntil,
      }
      if (Object.values(patch).every((value) => value === undefined))
        throw new WrongUsage('Say what to set: see --help.')
      const { id } = await nodeOf(client, text)
      const node = (await client.ask('PATCH', `/v1/nodes/${id}`, patch)) as Node
      context.show(node, (one) => nodeTable([one]))
    },
  )
}

/** A machine by id, unique prefix of it, or name. */
export async function nodeOf(client: ApiClient, text: string): Promise<Node> {
  const { items } = await wholeList(client.items<Node>('/v1/nodes'))
  const exact = items.filter(({ id, name }) => id === text || name === text)
  const found = exact.length > 0 ? exact : items.filter(({ id }) => text !== '' && id.startsWith(text.toLowerCase()))
  const [node, ...others] = found
  if (node === undefined) {
    throw new Failure('no-such-node', `No machine is called ${JSON.stringify(text)}.`, {
      hint: '`hadahoop nodes` lists them.',
    })
  }
  if (others.length === 0) return node
  throw new Failure(
    'ambiguous-node',
    `${found.length} machines answer to ${JSON.stringify(text)}: ${found.map(({ id }) => id.slice(0, 8)).join(', ')}.`,
    {
      hint: 'Use more of the id.',
    },
  )
}

function nodeTable(nodes: readonly Node[]): string {
  return table(
    ['id', 'name', 'state', 'site', 'used', 'of', 'only here', 'last seen', 'addresses'],
    nodes.map((node) => [
      node.id.slice(0, 8),
      `${node.name}${node.self ? ' *' : ''}`,
      stateOf(node),
      node.site,
      formatBytes(node.usedBytes),
      formatBytes(node.quotaBytes),
      node.onlyHere.files === 0 ? '' : formatCount(node.onlyHere.files, 'file'),
      node.lastSeen === null ? 'never' : localTime(node.lastSeen),
      node.addresses.join(' '),
    ]),
    [4, 5, 6],
  )
}

/** In one cell: the state, and what a person has decided or has to wait for. */
function stateOf({ state, shedding, drain, awayUntil, missed, waitEnds }: Node): string {
  const words: string[] = [state]
  if (drain && (shedding?.chunksLeft ?? 0) === 0) words.push('empty, may be removed')
  else if (shedding !== null) words.push(`${formatBytes(shedding.bytesLeft)} to give away`)
  if (shedding !== null && shedding.stuck !== null) words.push(`stuck: ${shedding.stuck}`)
  if (awayUntil !== null) words.push(`away until ${localTime(awayUntil)}`)
  if (missed) words.push('not waited for')
  else if (waitEnds !== null) words.push(`copied again at ${localTime(waitEnds)}`)
  return words.join(', ')
}

/** A time, or a span from now on, as RFC 3339. */
function awayOf(text: string): string {
  if (text === 'no') return text
  const span = /^(\d{1,4})([hd])$/.exec(text)
  const timeMs =
    span === null ? Date.parse(text) : Date.now() + Number(span[1]) * (span[2] === 'd' ? 24 * hourMs : hourMs)
  if (Number.isNaN(timeMs)) throw new InvalidArgumentError('A time is like 2024-05-01T09:00:00Z, 8h or 3d.')
  return new Date(timeMs).toISOString()
}
