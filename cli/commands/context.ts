/**
 * What every command has: the options that all share, and the node they talk to, found when first needed.
 */
import type { Command } from 'commander'
import { ApiClient } from '../apiClient.ts'
import { collect } from '../collect.ts'
import { dataFolder, readEndpoint } from '../dataFolder.ts'
import { print, printJson } from '../output.ts'

interface SharedOptions {
  readonly data?: string
  readonly json?: boolean
}

export class Context {
  readonly json: boolean
  readonly folder: string

  constructor(options: SharedOptions) {
    this.json = options.json === true
    this.folder = dataFolder(options.data)
  }

  /** Prints the API's answer with --json, else what `words` makes of it. */
  show<T>(value: T, words: (value: T) => string): void {
    if (this.json) printJson(value)
    else print(words(value))
  }
}

/** Gives a command its work, with a client to the running node. */
export function talks<Options extends object>(
  command: Command,
  work: (context: Context, client: ApiClient, args: string[], options: Options) => Promise<void>,
): void {
  command.action(async () => {
    const context = new Context(command.optsWithGlobals())
    using client = new ApiClient(await readEndpoint(context.folder))
    await work(context, client, command.args, command.opts<Options>())
  })
}

/** All items of a list as one page. */
export async function wholeList<Item>(items: AsyncIterable<Item>): Promise<{ items: Item[]; next: null }> {
  return { items: await collect(items), next: null }
}
