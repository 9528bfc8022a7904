// `npm test`: all suites in turn, and last, alone on its line, the sum over all of them. Arguments narrow it down:
// names of suites, and parts of test files' paths (`npm test -- unit engine/catalog`).
import { globSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from './bootstrap.mjs'
import { killAll, noTests, oneFailed, onePassed, oneSkipped, run, runTestFile, sum, type Tally } from './suite.ts'

const minuteMs = 60_000
/** Many times what they take on a quiet machine: what hangs ends by limits of its own. */
const browserLimitMinutes = 30
/** They measure how long something takes, so that nothing else runs meanwhile. */
const timed: readonly string[] = ['e2e/repair.test.ts', 'e2e/discovery.test.ts']
const desktopSpec = 'e2e/desktop.spec.ts'
/** `npm run e2e -- --desktop`: the specs of the desktop app, fetching Electron if need be. */
const desktopFlag = '--desktop'
const isDesktopWanted = process.argv.includes(desktopFlag)

type Suite = (filters: readonly string[]) => Promise<Tally>

const suites: Readonly<Record<string, Suite>> = {
  layers: () => check(['build/checkLayers.ts']),
  lint: () => check([tool('oxlint'), '--deny-warnings']),
  format: () => check([tool('@biomejs/biome', 'biome'), 'format', '.'], 'mend with: npm run format'),
  deadcode: () => check([tool('knip')]),
  types: async () =>
    sum([await types('.'), await types('shared'), await types('renderer'), await types('electron/drop')]),
  window: () => check(['build/window.mjs']),
  unit: (filters) => {
    const folders = ['engine', 'cli', 'shared', 'renderer', 'build', 'bench', 'electron'].map(
      (folder) => `${folder}/**/*.test.ts`,
    )
    return testFiles(find(folders, filters), { together: 2, limitMs: 10 * minuteMs, testLimitMs: 5 * minuteMs })
  },
  integration: async (filters) => {
    const limits = { limitMs: 15 * minuteMs, testLimitMs: 8 * minuteMs }
    const files = find(['e2e/*.test.ts'], filters)
    return sum([
      await testFiles(
        files.filter((file) => timed.includes(file)),
        { together: 1, ...limits },
      ),
      // Most of their time they wait: for machines to be missed, for folders to rest.
      await testFiles(
        files.filter((file) => !timed.includes(file)),
        { together: 2, ...limits },
      ),
    ])
  },
  browser: browserSpecs,
  desktop: desktopSpecs,
}

const types = (project: string): Promise<Tally> => check([tool('typescript', 'tsc'), '-p', project])

/** A tool that passes or fails as a whole. */
async function check(args: readonly string[], hint = ''): Promise<Tally> {
  const { code, timedOut } = await run(args, { limitMs: 5 * minuteMs })
  if (code === 0) return onePassed
  console.log(`FAILED${timedOut ? ': took over 5 minutes' : ''}${hint && ` (${hint})`}`)
  return oneFailed
}

interface FileOptions {
  /** Files that run at the same time. */
  readonly together: number
  readonly limitMs: number
  readonly testLimitMs: number
}

async function testFiles(files: readonly string[], options: FileOptions): Promise<Tally> {
  const queue = files.values()
  const tallies: Tally[] = []
  const worker = async (): Promise<void> => {
    for (const file of queue) {
      const { together, ...limits } = options
      const begunMs = Date.now()
      const { tally, fault, output } = await runTestFile(file, { ...limits, gather: together > 1 })
      const verdict = tally.failed > 0 ? 'FAILED' : 'ok'
      console.log(`${output}${verdict} ${file} (${secondsSince(begunMs)} s)${fault ? `: ${fault}` : ''}\n`)
      tallies.push(tally)
    }
  }
  await Promise.all(Array.from({ length: options.together }, worker))
  return sum(tallies)
}

async function browserSpecs(filters: readonly string[]): Promise<Tally> {
  const specs = find(['e2e/*.spec.ts'], filters).filter((file) => file !== desktopSpec)
  if (specs.length === 0) return noTests
  const { findBrowser } = await import('../e2e/browser.ts')
  if (!findBrowser()) {
    console.log(`skipped: no Chromium, Chrome or Edge on this machine (${process.platform}-${process.arch})`)
    return oneSkipped
  }
  return await playwright(specs)
}

/** The desktop app's own specs, where Electron's binary is and a display; else each of them is skipped. */
async function desktopSpecs(): Promise<Tally> {
  const { getElectron, installedElectron, missingDisplay } = await import('./electronBinary.mjs')
  // Fetched only for who asks for it by name.
  const electron = isDesktopWanted
    ? await getElectron()
    : { missing: 'Electron’s binary is not here (npm run e2e -- --desktop fetches it)' }
  const why =
    missingDisplay() ?? (installedElectron() === undefined && 'missing' in electron ? electron.missing : undefined)
  if (why !== undefined) {
    console.log(`skipped: the desktop app in Electron itself, since ${why}`)
    const tests = readFileSync(join(root, desktopSpec), 'utf8').match(/^test\(/gm) ?? []
    return { ...noTests, skipped: tests.length }
  }
  const built = await check(['build/desktop.mjs'])
  if (built.failed > 0) return built
  const windows = find(['e2e/window*.spec.ts'], [])
  return sum([await playwright([desktopSpec]), await playwright(windows, { HADAHOOP_DESKTOP: 'electron' })])
}

async function playwright(specs: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Tally> {
  const report = join(tmpdir(), `hadahoop-browser-${process.pid}.json`)
  const args = [tool('@playwright/test', 'playwright'), 'test', '-c', 'e2e/playwright.config.ts', ...specs]
  const { code, timedOut } = await run(args, {
    limitMs: browserLimitMinutes * minuteMs,
    env: { ...env, PLAYWRIGHT_JSON_OUTPUT_FILE: report },
  })
  const tally = readPlaywrightReport(report)
  if (timedOut) console.log(`FAILED: the browser tests took over ${browserLimitMinutes} minutes`)
  return code !== 0 && tally.failed === 0 ? sum([tally, oneFailed]) : tally
}

function readPlaywrightReport(path: string): Tally {
  try {
    const { stats } = JSON.parse(readFileSync(path, 'utf8')) as { stats: Record<string, number> }
    const { expected = 0, unexpected = 0, flaky = 0, skipped = 0 } = stats
    return { passed: expected, failed: unexpected + flaky, skipped }
  } catch (error) {
    console.log(`the browser tests left no report: ${String(error)}`)
    return oneFailed
  } finally {
    rmSync(path, { force: true })
  }
}

function find(patterns: readonly string[], filters: readonly string[]): string[] {
  const files = globSync([...patterns], { cwd: root }).map((file) => file.replaceAll('\\', '/'))
  return files.filter((file) => filters.length === 0 || filters.some((part) => file.includes(part))).toSorted()
}

/** The script behind a package's command. */
function tool(packageName: string, command = packageName): string {
  const folder = join(root, 'node_modules', packageName)
  const { bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    bin: string | Record<string, string>
  }
  return join(folder, typeof bin === 'string' ? bin : (bin[command] ?? ''))
}

async function main(args: readonly string[]): Promise<void> {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      killAll()
      process.exit(1)
    })
  }
  const chosen = args.filter((arg) => arg in suites)
  if (isDesktopWanted) chosen.splice(0, chosen.length, 'window', 'desktop')
  const filters = args.filter((arg) => !(arg in suites) && arg !== desktopFlag)
  if (filters.length > 0 && chosen.length === 0) chosen.push('unit', 'integration', 'browser')
  const tallies: Tally[] = []
  const lines: string[] = []
  for (const [name, suite] of Object.entries(suites)) {
    if (chosen.length > 0 && !chosen.includes(name)) continue
    console.log(`\n=== ${name}`)
    const begunMs = Date.now()
    const tally = await suite(filters)
    tallies.push(tally)
    lines.push(`${name.padEnd(12)} ${spell(tally)} (${secondsSince(begunMs)} s)`)
  }
  const total = sum(tallies)
  if (total.passed + total.failed + total.skipped === 0) {
    console.log(`no suite and no test file matches: ${args.join(' ')}. Suites: ${Object.keys(suites).join(', ')}`)
    process.exitCode = 2
    return
  }
  console.log(`\n${lines.join('\n')}\n\n${spell(total)}`)
  process.exitCode = total.failed > 0 ? 1 : 0
}

const secondsSince = (begunMs: number): string => ((Date.now() - begunMs) / 1000).toFixed(1)
const spell = ({ passed, failed, skipped }: Tally): string => `${passed} passed, ${failed} failed, ${skipped} skipped`

await main(process.argv.slice(2))
