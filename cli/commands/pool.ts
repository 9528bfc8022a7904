/**
 * `hadahoop pool …`: make a pool, let machines in, look at it, leave it.
 */
import { type Command, InvalidArgumentError } from 'commander'
import { type ConfirmFacts, formatBytes, formatCount, type Invite, type Pool } from '../../shared/index.ts'
import { ApiFailure } from '../apiClient.ts'
import { Failure } from '../failure.ts'
import { localTime } from '../output.ts'
import { talks } from './context.ts'

export function poolCommands(program: Command): void {
  const pool = program.command('pool').description('create, join and leave a pool')

  talks<{ copies?: number }>(
    pool
      .command('create <name>')
      .description('make a pool with this machine as its first')
      .option('--copies <number>', 'copies wanted of every file (default 2)', copiesOf),
    async (context, client, [name], options) => {
      const made = (await client.ask('POST', '/v1/pool', { name, ...options })) as Pool
      context.show(made, () => `Pool "${made.name}" is made. \`hadahoop pool invite\` lets the next machine in.`)
    },
  )

  talks(pool.command('invite').description('a code with which one machine may join'), async (context, client) => {
    const invite = (await client.ask('POST', '/v1/pool/invites')) as Invite
    context.show(invite, ({ code, expiresAt, address }) =>
      [
        `Code: ${code}   (for one machine, until ${localTime(expiresAt)})`,
        `On the other machine: hadahoop pool join ${code}`,
        `If it does not find this one by itself, add: --address ${address}`,
      ].join('\n'),
    )
  })

  talks<{ address?: string }>(
    pool
      .command('join <code>')
      .description('join a pool by a code')
      .option('--address <host:port>', 'where the inviting machine is'),
    async (context, client, [code], options) => {
      const joined = (await client.ask('POST', '/v1/pool/join', { code, ...options })) as Pool
      context.show(joined, ({ name, nodes }) => `This machine is in pool "${name}", one of ${nodes}.`)
    },
  )

  talks(pool.command('status').description('what pool this machine is in'), async (context, client) => {
    context.show(await client.get<Pool>('/v1/pool'), wordsOf)
  })

  talks<{ yes?: boolean }>(
    pool
      .command('leave')
      .description('leave the pool')
      .option('--yes', 'also when files that lie on this machine alone are lost'),
    async (context, client, _args, { yes }) => {
      const left = await client.ask('POST', '/v1/pool/leave').catch(async (error: unknown) => {
        if (!(error instanceof ApiFailure) || error.code !== 'last-copies') throw error
        const { confirm, entries, bytes } = error.problem as Partial<ConfirmFacts>
        if (yes !== true || confirm === undefined) {
          throw new Failure(
            'last-copies',
            `${formatCount(entries ?? 0, 'file')} (${formatBytes(bytes ?? 0)}) on this machine alone would be lost.`,
            { hint: '`hadahoop nodes drain` moves them to other machines first; --yes loses them.' },
          )
        }
        return await client.ask('POST', '/v1/pool/leave', undefined, { confirm })
      })
      context.show(left, () => 'This machine is in no pool any more.')
    },
  )
}

function wordsOf(pool: Pool): string {
  const { room } = pool
  return [
    `Pool "${pool.name}": ${pool.nodesOnline} of ${pool.nodes} machines online, ${pool.copies} copies wanted`,
    `${pool.files} files in ${pool.folders} folders, ${formatBytes(pool.bytes)}`,
    `${formatBytes(pool.usedBytes)} used of ${formatBytes(pool.quotaBytes)}; room for ${formatBytes(room.bytes)} at ${room.copies} ${room.copies === 1 ? 'copy' : 'copies'}`,
  ].join('\n')
}

export function copiesOf(text: string): number {
  if (/^[1-5]$/.test(text)) return Number(text)
  throw new InvalidArgumentError('Copies are from 1 to 5.')
}
