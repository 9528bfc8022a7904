/**
 * What a command line asks of the app: options of the engine as `hadahoop start` has them, a join link, files to add. Comes from the
 * terminal, from the system (links, files dropped on the icon) and from a second instance that hands over and ends. Chromium's
 * own options and whatever else stands there are ignored.
 */
import { isAbsolute, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { parseSize } from '../shared/format.ts'
import { codeOfLink } from './joinLink.ts'

export interface NodeChoices {
  readonly name?: string
  readonly site?: string
  readonly listen?: string
  readonly apiPort?: number
  readonly peerPort?: number
  readonly discovery?: boolean
  readonly quotaBytes?: number
  readonly minimumFreeBytes?: number
}

export interface HandedOver {
  /** Absolute; undefined: the platform's own. */
  readonly dataDir: string | undefined
  readonly node: NodeChoices
  readonly joinCode: string | undefined
  /** Absolute paths that are there. */
  readonly files: readonly string[]
  /** Started by the system at login: no window. */
  readonly hidden: boolean
}

/** Reads what follows the program (and, in a checkout, the app's folder). `isThere` says of an absolute path whether it is. */
export function readArguments(args: readonly string[], folder: string, isThere: (path: string) => boolean): HandedOver {
  const { values, positionals } = parseArgs({
    args: [...args],
    strict: false,
    allowPositionals: true,
    options: {
      data: { type: 'string' },
      name: { type: 'string' },
      site: { type: 'string' },
      listen: { type: 'string' },
      'api-port': { type: 'string' },
      'peer-port': { type: 'string' },
      'no-discovery': { type: 'boolean' },
      quota: { type: 'string' },
      'min-free': { type: 'string' },
      hidden: { type: 'boolean' },
    },
  })
  const text = (name: string): string | undefined => {
    const value = values[name]
    return typeof value === 'string' && value !== '' ? value : undefined
  }
  const port = (name: string): number | undefined => {
    const value = Number(text(name) ?? Number.NaN)
    return Number.isInteger(value) && value >= 0 && value <= 65_535 ? value : undefined
  }
  const data = text('data')
  const files = positionals
    // A link that is not ours must not become a path.
    .filter((each) => !/^[a-z][a-z0-9+.-]+:\/\//i.test(each))
    .map((each) => (isAbsolute(each) ? each : resolve(folder, each)))
    .filter((each) => isThere(each))
  return {
    dataDir: data === undefined ? undefined : resolve(folder, data),
    node: {
      ...defined('name', text('name')),
      ...defined('site', text('site')),
      ...defined('listen', text('listen')),
      ...defined('apiPort', port('api-port')),
      ...defined('peerPort', port('peer-port')),
      ...defined('quotaBytes', parseSize(text('quota') ?? '')),
      ...defined('minimumFreeBytes', parseSize(text('min-free') ?? '')),
      ...(values['no-discovery'] === true ? { discovery: false } : {}),
    },
    joinCode: positionals.map(codeOfLink).find((code) => code !== undefined),
    files,
    hidden: values['hidden'] === true,
  }
}

function defined<Name extends string, Value>(name: Name, value: Value | undefined): Partial<Record<Name, Value>> {
  return value === undefined ? {} : ({ [name]: value } as Record<Name, Value>)
}
