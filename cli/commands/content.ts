/**
 * `hadahoop put`, `get`, `cat`: the commands that move bytes.
 */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { formatBytes, formatCount, formatDuration } from '../../shared/index.ts'
import { Failure, lineOf, WrongUsage } from '../failure.ts'
import { visible } from '../output.ts'
import { parseRemote } from '../remotePath.ts'
import { download } from '../transfer/download.ts'
import { get } from '../transfer/get.ts'
import { put } from '../transfer/put.ts'
import type { Crowd } from '../transfer/result.ts'
import { type Context, talks } from './context.ts'
import { putInBackground } from './transfers.ts'

export function contentCommands(program: Command): void {
  talks<{ wait?: 'all'; background?: boolean }>(
    program
      .command('put <local...>')
      .usage('[options] <local...> <remote>')
      .description('store files and folders (- is standard input); into REMOTE if it ends with a slash')
      .addOption(new Option('--wait <what>', 'return when all copies are made').choices(['all']))
      .option('--background', 'let the node store them by itself, also after a restart'),
    async (context, client, args, options) => {
      const locals = args.slice(0, -1)
      if (locals.length === 0) throw new WrongUsage('Name what to put and where: hadahoop put LOCAL… REMOTE.')
      if (locals.length > 1 && locals.includes('-')) throw new WrongUsage('Standard input can only be put alone.')
      const remote = parseRemote(args.at(-1) ?? '')
      if (options.background === true) return await putInBackground(context, client, locals, remote)
      const startedMs = performance.now()
      const outcome = await put(client, locals, remote, options)
      tell(context, 'stored', outcome, startedMs)
    },
  )

  talks(
    program.command('get <remote> <local>').description('fetch a file or folder; into LOCAL if it ends with a slash'),
    async (context, client, [remote = '', local = '']) => {
      const startedMs = performance.now()
      tell(context, 'fetched', await get(client, parseRemote(remote), local), startedMs)
    },
  )

  talks<{ range?: string }>(
    program
      .command('cat <remote>')
      .description('a file’s bytes to standard output')
      .option('--range <a-b>', 'only bytes A to B, both included; A- and -N as in HTTP', rangeOf),
    async (_context, client, [remote = ''], { range }) => {
      const { names } = parseRemote(remote)
      for await (const part of download(client, names, { range })) {
        if (!process.stdout.write(part)) await new Promise((resolve) => process.stdout.once('drain', resolve))
      }
    },
  )
}

const SHOWN = 20

/** Says what was moved, on stdout; if anything failed, throws what the one line on stderr says. */
function tell(context: Context, done: string, { result, failures, stopped }: Crowd, startedMs: number): void {
  const { files, bytes, skipped, leftOut } = result
  context.show(result, () => {
    const tookMs = performance.now() - startedMs
    const rate = `${formatBytes(Math.round(bytes / (tookMs / 1000)))}/s`
    const already = skipped === 0 ? '' : `, ${skipped} were there already`
    const more = (count: number) => (count > SHOWN ? [`… and ${count - SHOWN} more`] : [])
    return [
      `${formatCount(files, 'file')} ${done}, ${formatBytes(bytes)} in ${formatDuration(tookMs)} (${rate})${already}`,
      ...leftOut.slice(0, SHOWN).map(({ path, code }) => `left out: ${visible(path)} (${code})`),
      ...more(leftOut.length),
      ...failures.slice(0, SHOWN).map(({ path, failure }) => `failed: ${visible(path)}: ${lineOf(failure)}`),
      ...more(failures.length),
    ].join('\n')
  })
  const [first] = failures
  if (first === undefined) return
  const { code, message, hint } = stopped ?? first.failure
  if (stopped !== undefined) throw new Failure(code, `Stopped at ${visible(first.path)}: ${message}`, { hint })
  if (failures.length === 1) throw new Failure(code, `${visible(first.path)}: ${message}`, { hint })
  throw new Failure('some-failed', `${failures.length} failed, the first ${visible(first.path)}: ${message}`, {
    hint: 'Repeat the command to try only these again.',
  })
}

function rangeOf(text: string): string {
  const [, first, last] = /^(\d{0,15})-(\d{0,15})$/.exec(text) ?? []
  // HTTP ignores a range that runs backwards, and all bytes would come.
  const backwards = first !== '' && last !== '' && Number(first) > Number(last)
  if (first !== undefined && `${first}${last}` !== '' && !backwards) return `bytes=${text}`
  throw new InvalidArgumentError('A range is A-B, A- or -N.')
}
