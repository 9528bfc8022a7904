/**
 * `hadahoop settings …`: what holds for the whole pool.
 */
import { type Command, InvalidArgumentError } from 'commander'
import { formatBytes, formatDuration, type Settings } from '../../shared/index.ts'
import { WrongUsage } from '../failure.ts'
import { table } from '../output.ts'
import { talks } from './context.ts'
import { copiesOf } from './pool.ts'
import { sizeOf } from './start.ts'

interface SetOptions {
  readonly copies?: number
  readonly alwaysOn?: number
  readonly desktop?: number
  readonly laptop?: number
  readonly trashDays?: number
  readonly versionDays?: number
  readonly versionCount?: number
  readonly up?: number
  readonly down?: number
}

const spans: Readonly<Record<string, number>> = { s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 }

export function settingsCommands(program: Command): void {
  const settings = program.command('settings').description('what holds for the whole pool')
  talks(settings, async (context, client) => {
    context.show(await client.get<Settings>('/v1/settings'), settingsTable)
  })
  talks<SetOptions>(
    settings
      .command('set')
      .description('change some of it')
      .option('--copies <number>', 'copies of every file: 1 to 5', copiesOf)
      .option(
        '--always-on <time>',
        'how long an always-on machine may be away before copies are made anew: 30min',
        spanOf,
      )
      .option('--desktop <time>', 'the same of a desktop: 24h', spanOf)
      .option('--laptop <time>', 'the same of a laptop: 24h', spanOf)
      .option('--trash-days <days>', 'how long the trash keeps', numberOf)
      .option('--version-days <days>', 'how long versions are kept', numberOf)
      .option('--version-count <number>', 'how many versions are kept in any case', numberOf)
      .option('--up <size>', 'bytes a second that a machine sends for copies; 0 is no limit', sizeOf)
      .option('--down <size>', 'bytes a second that it takes; 0 is no limit', sizeOf),
    async (context, client, _args, options) => {
      const { copies, alwaysOn, desktop, laptop, trashDays, versionDays, versionCount, up, down } = options
      if (Object.keys(options).length === 0) throw new WrongUsage('Say what to set: see --help.')
      const graceMs = { 'always-on': alwaysOn, desktop, laptop }
      const patch = {
        ...{ copies, trashDays, versionDays, versionCount, upBytesPerSec: up, downBytesPerSec: down },
        ...(Object.values(graceMs).some((each) => each !== undefined) ? { graceMs } : {}),
      }
      context.show((await client.ask('PATCH', '/v1/settings', patch)) as Settings, settingsTable)
    },
  )
}

function settingsTable(settings: Settings): string {
  const { copies, graceMs, trashDays, versionDays, versionCount, upBytesPerSec, downBytesPerSec } = settings
  const rate = (bytesPerSec: number) => (bytesPerSec === 0 ? 'no limit' : `${formatBytes(bytesPerSec)}/s`)
  return table(
    ['setting', 'value'],
    [
      ['copies', String(copies)],
      ['always-on', formatDuration(graceMs['always-on'])],
      ['desktop', formatDuration(graceMs.desktop)],
      ['laptop', formatDuration(graceMs.laptop)],
      ['trash-days', String(trashDays)],
      ['version-days', String(versionDays)],
      ['version-count', String(versionCount)],
      ['up', rate(upBytesPerSec)],
      ['down', rate(downBytesPerSec)],
    ],
  )
}

function spanOf(text: string): number {
  const match = /^(\d{1,6})(s|min|h|d)$/.exec(text)
  if (match === null) throw new InvalidArgumentError('A time is like 90s, 30min, 24h or 7d.')
  return Number(match[1]) * (spans[match[2] as string] as number)
}

function numberOf(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('A whole number, please.')
}
