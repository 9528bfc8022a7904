/**
 * All commands under one roof, and what their endings mean to the shell: 0 done, 1 failed with one line on stderr, 2 wrong
 * usage.
 */
import { Command, CommanderError, InvalidArgumentError } from 'commander'
import { VERSION } from '../shared/index.ts'
import { contentCommands } from './commands/content.ts'
import { healthCommands } from './commands/health.ts'
import { linkCommands } from './commands/links.ts'
import { machineCommands } from './commands/machines.ts'
import { poolCommands } from './commands/pool.ts'
import { secretsCommands } from './commands/secrets.ts'
import { settingsCommands } from './commands/settings.ts'
import { startCommand } from './commands/start.ts'
import { transferCommands } from './commands/transfers.ts'
import { treeCommands } from './commands/tree.ts'
import { lineOf, WrongUsage } from './failure.ts'
import { note } from './output.ts'

function programOf(): Command {
  const program = new Command('hadahoop')
    .description('One safe disk out of ordinary computers.')
    .version(VERSION)
    .option('--data <dir>', 'the node’s data folder')
    .option('--json', 'print one JSON document')
    .exitOverride()
    .configureHelp({ showGlobalOptions: true, subcommandTerm: termOf })
    .configureOutput({ outputError: (text, write) => write(`hadahoop: ${text.replace(/^error: /, '')}`) })
  startCommand(program)
  poolCommands(program)
  contentCommands(program)
  treeCommands(program)
  machineCommands(program)
  healthCommands(program)
  settingsCommands(program)
  secretsCommands(program)
  transferCommands(program)
  linkCommands(program)
  return program
}

/** How the list of commands shows one: as its own help begins, so that no argument is left out. */
function termOf(command: Command): string {
  const usage = command.options.length === 0 ? command.usage().replace('[options]', '') : command.usage()
  return `${command.name()} ${usage.trim()}`.trim()
}

/** Runs one command line; the answer is the exit code. */
export async function run(args: readonly string[]): Promise<number> {
  try {
    await programOf().parseAsync(args, { from: 'user' })
    return 0
  } catch (error) {
    // Those of commander itself it has printed; those of a command it has not.
    if (error instanceof InvalidArgumentError) note(`hadahoop: ${error.message}`)
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    note(`hadahoop: ${lineOf(error)}`)
    return error instanceof WrongUsage ? 2 : 1
  }
}
