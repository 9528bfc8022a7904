// Running one tool or one test file as a process of its own: its output streamed, its time limited, whatever it started
// killed with it. Each test file is run directly rather than by `node --test`, which waits for ever for a file that
// passed and left a socket or timer open, and holds back the output of all files after it.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from './bootstrap.mjs'

export interface Tally {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

export const noTests: Tally = { passed: 0, failed: 0, skipped: 0 }
export const onePassed: Tally = { passed: 1, failed: 0, skipped: 0 }
export const oneFailed: Tally = { passed: 0, failed: 1, skipped: 0 }
export const oneSkipped: Tally = { passed: 0, failed: 0, skipped: 1 }

export function sum(tallies: readonly Tally[]): Tally {
  return tallies.reduce(
    (a, b) => ({ passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped }),
    noTests,
  )
}

interface RunOptions {
  readonly limitMs: number
  /** Return the output instead of showing it as it comes, because others run at the same time. */
  readonly gather?: boolean
  readonly env?: Readonly<Record<string, string>>
}

interface Ended {
  readonly code: number
  readonly output: string
  readonly timedOut: boolean
}

const running = new Set<() => void>()

/** Kills all that run() started and has not ended. */
export function killAll(): void {
  for (const kill of running) kill()
}

/** Runs `node ...args` with the Node that runs this, in the project's root. */
export async function run(args: readonly string[], { limitMs, gather = false, env }: RunOptions): Promise<Ended> {
  const group = process.platform !== 'win32'
  const child = spawn(process.execPath, args, {
    cwd: root,
    stdio: ['ignore', gather ? 'pipe' : 'inherit', gather ? 'pipe' : 'inherit'],
    detached: group,
    // Tests expect words and numbers of one locale, whatever the machine's is.
    env: { ...process.env, LC_ALL: 'C.UTF-8', NODE_TEST_CONTEXT: undefined, ...env },
  })
  const kill = (): void => {
    try {
      if (group && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
      else child.kill('SIGKILL')
    } catch {
      child.kill('SIGKILL') // the group ended before it could be killed
    }
  }
  const output: Buffer[] = []
  child.stdout?.on('data', (part: Buffer) => output.push(part))
  child.stderr?.on('data', (part: Buffer) => output.push(part))
  let timedOut = false
  const limit = setTimeout(() => {
    timedOut = true
    kill()
  }, limitMs)
  running.add(kill)
  const code = await new Promise<number>((resolve, reject) => {
    child.on('error', reject)
    // With gathered output `close` could wait for a grandchild that keeps the pipe; `exit` and a kill end both.
    child.on('exit', (exitCode) => {
      kill()
      if (!gather) resolve(exitCode ?? 1)
    })
    child.on('close', (exitCode) => resolve(exitCode ?? 1))
  })
  clearTimeout(limit)
  running.delete(kill)
  return { code, timedOut, output: Buffer.concat(output).toString() }
}

interface FileResult {
  readonly tally: Tally
  /** What went wrong outside the tests themselves; counted as one failed. */
  readonly fault: string | undefined
  readonly output: string
}

/** Runs one node:test file; a crash, a time-out, or a file without a single test counts as one failed. */
export async function runTestFile(
  file: string,
  { testLimitMs, ...options }: RunOptions & { readonly testLimitMs: number },
): Promise<FileResult> {
  const folder = mkdtempSync(join(tmpdir(), 'hadahoop-test-'))
  const outcomes = join(folder, 'outcomes')
  const { code, timedOut, output } = await run(
    [
      '--test-reporter=spec',
      '--test-reporter-destination=stdout',
      `--test-reporter=${new URL('./outcomeReporter.mjs', import.meta.url).href}`,
      `--test-reporter-destination=${outcomes}`,
      `--test-timeout=${testLimitMs}`,
      file,
    ],
    options,
  )
  const lines = readOutcomes(outcomes)
  rmSync(folder, { recursive: true, force: true })
  const count = (outcome: string): number => lines.filter((line) => line === outcome).length
  const tally = { passed: count('passed'), failed: count('failed'), skipped: count('skipped') }
  const fault = timedOut
    ? `did not end within ${options.limitMs / 1000} s: a test hangs, or a timer, socket or process was left open`
    : lines.length === 0
      ? `holds no test that ran (exit code ${code})`
      : code !== 0 && tally.failed === 0
        ? `ended with exit code ${code} outside its tests`
        : undefined
  return { tally: fault === undefined ? tally : sum([tally, oneFailed]), fault, output }
}

function readOutcomes(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n').filter(Boolean)
  } catch {
    return [] // the file crashed before its first test
  }
}
