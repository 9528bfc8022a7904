/**
 * `hadahoop nodes`, `health`, `doctor`, `open`: the machines and how everything is.
 */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { type Doctor, formatBytes, type Health, type LoginLink, type Node, type WhatIf } from '../../shared/index.ts'
import type { ApiClient } from '../apiClient.ts'
import { Failure, WrongUsage } from '../failure.ts'
import { localTime, table } from '../output.ts'
import { talks, wholeList } from './context.ts'
import { sizeOf } from './start.ts'

interface SetOptions {
  readonly name?: string
  readonly site?: string
  readonly quota?: number
  readonly deviceClass?: string
  readonly awayUntil?: string
}

export function machineCommands(program: Command): void {
  const nodes = program.command('nodes').description('the machines of the pool')
  talks(nodes, async (context, client) => {
    context.show(await wholeList(client.items<Node>('/v1/nodes')), ({ items }) => nodeTable(items))
  })

  talks<{ stop?: boolean }>(
    nodes.command('drain <node>').description('move everything off a machine').option('--stop', 'keep it after all'),
    async (context, client, [text = ''], { stop }) => {
      const { id } = await nodeOf(client, text)
      const node = (await client.ask('PATCH', `/v1/nodes/${id}`, { drain: stop !== true })) as Node
      context.show(node, ({ name, drain }) => (drain ? `${name} is being emptied.` : `${name} is used again.`))
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
      .addOption(new Option('--device-class <class>', 'what it is').choices(['always-on', 'desktop', 'laptop']))
      .option('--away-until <time>', 'when it comes back (RFC 3339), or `no`', awayOf),
    async (context, client, [text = ''], { name, site, quota, deviceClass, awayUntil }) => {
      const patch = {
        name,
        site,
        quotaBytes: quota,
        deviceClass,
        awayUntil: awayUntil === 'no' ? null : awayUntil,
      }
      if (Object.values(patch).every((value) => value === undefined))
        throw new WrongUsage('Say what to set: see --help.')
      const { id } = await nodeOf(client, text)
      const node = (await client.ask('PATCH', `/v1/nodes/${id}`, patch)) as Node
      context.show(node, (one) => nodeTable([one]))
    },
  )

  talks<{ ifLost?: string[] }>(
    program
      .command('health')
      .description('whether everything is safe, and what to do if not')
      .option('--if-lost <node...>', 'what would be lost with these machines'),
    async (context, client, _args, { ifLost }) => {
      if (ifLost === undefined) return context.show(await client.get<Health>('/v1/health'), healthWords)
      const ids: string[] = []
      for (const text of ifLost) ids.push((await nodeOf(client, text)).id)
      context.show(await client.get<WhatIf>(`/v1/health/what-if?lost=${ids.join(',')}`), whatIfWords)
    },
  )

  talks(program.command('doctor').description('why machines do not see each other'), async (context, client) => {
    const signs = { ok: 'ok     ', warning: 'warning', problem: 'PROBLEM' }
    context.show(await client.get<Doctor>('/v1/doctor'), ({ checks }) =>
      checks.map(({ result, text, hint }) => `${signs[result]}  ${text}${hint ? `\n         ${hint}` : ''}`).join('\n'),
    )
  })

  talks(
    program.command('open').description('a fresh address for the browser, for one use'),
    async (context, client) => {
      context.show((await client.ask('POST', '/v1/session/links')) as LoginLink, ({ url }) => url)
    },
  )
}

/** A machine by id, unique prefix of it, or name. */
async function nodeOf(client: ApiClient, text: string): Promise<Node> {
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
    ['id', 'name', 'state', 'site', 'used', 'of', 'last seen', 'addresses'],
    nodes.map((node) => [
      node.id.slice(0, 8),
      `${node.name}${node.self ? ' *' : ''}`,
      node.drain ? `${node.state}, draining` : node.state,
      node.site,
      formatBytes(node.usedBytes),
      formatBytes(node.quotaBytes),
      node.lastSeen === null ? 'never' : localTime(node.lastSeen),
      node.addresses.join(' '),
    ]),
    [4, 5],
  )
}

function healthWords({ state, files, chunks, repair, reasons }: Health): string {
  const lines = [
    state === 'no-pool'
      ? 'This machine is in no pool.'
      : `${state}: ${files.protected} of ${files.total} files protected`,
  ]
  if (repair.queuedChunks > 0) lines.push(`To copy: ${repair.queuedChunks} chunks, ${formatBytes(repair.queuedBytes)}`)
  if (chunks.lost > 0) lines.push(`Lost: ${chunks.lost} chunks of ${files.lost} files`)
  for (const { text, action } of reasons) lines.push(`- ${text}${action ? ` ${action}` : ''}`)
  return lines.join('\n')
}

function whatIfWords({ files, bytesLost, bytesToCopy, fits }: WhatIf): string {
  const room = fits ? 'which fits' : 'for which there is NO room'
  return [
    `${files.survive} of ${files.total} files would survive; ${files.lost} (${formatBytes(bytesLost)}) would be lost.`,
    `Then ${formatBytes(bytesToCopy)} would be copied anew, ${room}.`,
  ].join('\n')
}

function awayOf(text: string): string {
  if (text === 'no') return text
  const timeMs = Date.parse(text)
  if (Number.isNaN(timeMs)) throw new InvalidArgumentError('A time is like 2024-05-01T09:00:00Z.')
  return new Date(timeMs).toISOString()
}
