/**
 * Where a node's data lies and how to reach the node that runs on it: `DIR/api.json`, which only its owner can read.
 */
import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { Failure } from './failure.ts'

/** The platform's data folder, unless HADAHOOP_DATA or `--data` name another. */
export function dataFolder(given: string | undefined, env = process.env, platform = process.platform): string {
  const named = given ?? env['HADAHOOP_DATA']
  if (named) return resolve(named)
  if (platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'Hadahoop')
  if (platform === 'win32') return join(env['LOCALAPPDATA'] ?? join(homedir(), 'AppData', 'Local'), 'Hadahoop')
  return join(env['XDG_DATA_HOME'] || join(homedir(), '.local', 'share'), 'hadahoop')
}

export interface Endpoint {
  readonly url: string
  readonly token: string
  /** The node's own certificate, PEM, where the API is served by TLS. */
  readonly certificate?: string
}

/** Throws Failure `not-running` where no node has announced itself. */
export async function readEndpoint(folder: string): Promise<Endpoint> {
  const file = join(folder, 'api.json')
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    const { code } = error as { code?: string }
    if (code === 'EACCES') throw new Failure('no-access', `${file} belongs to another user.`, { cause: error })
    throw new Failure('not-running', `No node runs on ${folder}.`, { hint: startHint, cause: error })
  }
  try {
    const { url, token, certificate } = JSON.parse(text) as Partial<Endpoint>
    if (typeof url === 'string' && typeof token === 'string') {
      return { url, token, ...(typeof certificate === 'string' ? { certificate } : {}) }
    }
  } catch (error) {
    throw new Failure('not-running', `${file} is damaged.`, { hint: 'Restart the node.', cause: error })
  }
  throw new Failure('not-running', `${file} is damaged.`, { hint: 'Restart the node.' })
}

export const startHint = 'Start one with `hadahoop start`, or name its folder with --data.'
