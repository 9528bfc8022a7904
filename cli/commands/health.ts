/**
 * `hadahoop health`, `activity`, `log`, `doctor`, `open`: whether everything is safe, what happened, what is wrong.
 */
import type { Command } from 'commander'
import {
  type Activity,
  type Doctor,
  formatBytes,
  formatCount,
  formatDuration,
  type Health,
  type LogLine,
  type LoginLink,
  type WhatIf,
} from '../../shared/index.ts'
import { WrongUsage } from '../failure.ts'
import { localTime, visible } from '../output.ts'
import { talks, wholeList } from './context.ts'
import { nodeOf } from './machines.ts'

export function healthCommands(program: Command): void {
  talks<{ ifLost?: string[]; resume?: boolean }>(
    program
      .command('health')
      .description('whether everything is safe, and what to do if not')
      .option('--if-lost <node...>', 'what would be lost with these machines')
      .option('--resume', 'copy on although more than half of the machines are gone'),
    async (context, client, _args, { ifLost, resume }) => {
      if (ifLost !== undefined && resume === true) throw new WrongUsage('--if-lost only asks; --resume only acts.')
      if (resume === true) {
        return context.show(await client.ask('POST', '/v1/repair', { resume: true }), () => 'Copying goes on.')
      }
      if (ifLost === undefined) return context.show(await client.get<Health>('/v1/health'), healthWords)
      const nodes = []
      for (const text of ifLost) nodes.push(await nodeOf(client, text))
      const names = nodes.map(({ name }) => name)
      const lost = nodes.map(({ id }) => id).join()
      context.show(await client.get<WhatIf>(`/v1/health/what-if?lost=${lost}`), (answer) => whatIfWords(names, answer))
    },
  )

  talks(program.command('activity').description('what happened, newest first'), async (context, client) => {
    context.show(await wholeList(client.items<Activity>('/v1/activity')), ({ items }) =>
      timedLines(items, 'Nothing has happened yet.'),
    )
  })

  talks(program.command('log').description('what the node noted since it was started'), async (context, client) => {
    context.show(await wholeList(client.items<LogLine>('/v1/log')), ({ items }) =>
      timedLines(items, 'Nothing was noted.'),
    )
  })

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

/** What was told, each line with its time; `none` where nothing was. */
function timedLines(items: readonly Pick<LogLine, 'at' | 'text'>[], none: string): string {
  return items.length === 0 ? none : items.map(({ at, text }) => `${localTime(at)}  ${visible(text)}`).join('\n')
}

function healthWords({ state, files, chunks, repair, reasons }: Health): string {
  const lines = [
    state === 'no-pool'
      ? 'This machine is in no pool.'
      : `${state}: ${files.protected} of ${formatCount(files.total, 'file')} protected`,
  ]
  if (repair.queuedChunks > 0) {
    const eta = repair.etaMs === null ? '' : `, about ${formatDuration(repair.etaMs)} left`
    lines.push(`To copy: ${repair.queuedChunks} chunks, ${formatBytes(repair.queuedBytes)}${eta}`)
  }
  if (chunks.lost > 0) lines.push(`Lost: ${formatCount(chunks.lost, 'chunk')} of ${formatCount(files.lost, 'file')}`)
  for (const { text, at, action } of reasons) {
    lines.push(`- ${visible([text, at === undefined ? '' : `(${localTime(at)})`, action].filter(Boolean).join(' '))}`)
  }
  return lines.join('\n')
}

function whatIfWords(names: readonly string[], { files, bytesLost, bytesToCopy, fits }: WhatIf): string {
  const without = `Without ${names.map(visible).join(' and ')}`
  const kept =
    files.lost === 0
      ? `${without} all ${files.total} files are still there.`
      : `${without} ${files.survive} of ${formatCount(files.total, 'file')} are still there; ${files.lost} (${formatBytes(bytesLost)}) are lost.`
  if (bytesToCopy === 0) return kept
  const room = fits ? 'for which there is room' : 'for which the machines left have NO room'
  return `${kept}\nThen ${formatBytes(bytesToCopy)} would be copied anew, ${room}.`
}
