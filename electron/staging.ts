/**
 * Files of the pool as files of this computer, for a moment: to be opened by another program or dragged out of the window. Each is
 * fetched into a folder of its own below a temporary one, read-only (what somebody wrote into it would be lost), and removed when
 * the app ends; what a crash left behind goes at the next start.
 */
import { createWriteStream } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { Readable } from 'node:stream'
import { safeName } from '../cli/transfer/safeNames.ts'

const folderPrefix = 'hadahoop-opened-'
const readOnly = 0o400
const programs =
  /\.(?:action|app|appimage|application|bat|cmd|com|command|cpl|desktop|exe|gadget|hta|inf|jar|js|jse|lnk|mpkg|msc|msi|msp|pif|pkg|ps1|ps2|psc1|reg|scf|scr|sh|terminal|url|vb|vbe|vbs|workflow|ws|wsc|wsf)$/i

/** True for files that would run instead of being shown. */
export function isProgram(name: string): boolean {
  return programs.test(name)
}

export class Staging {
  readonly #temporaryFolder: string
  #folder: Promise<string> | undefined
  #count = 0

  constructor(temporaryFolder: string) {
    this.#temporaryFolder = temporaryFolder
  }

  /** Fetches one file; the answer is where it lies. `path` is the pool's, starting with `/`. */
  async stage(path: string, fetch: (path: string) => Promise<Readable>): Promise<string> {
    this.#folder ??= mkdtemp(join(this.#temporaryFolder, folderPrefix))
    const folder = join(await this.#folder, String(++this.#count))
    await mkdir(folder, { mode: 0o700 })
    const file = join(folder, safeName(path.slice(path.lastIndexOf('/') + 1), process.platform))
    try {
      await pipeline(await fetch(path), createWriteStream(file, { mode: 0o600, flags: 'wx' }))
      await chmod(file, readOnly)
      return file
    } catch (error) {
      await rm(folder, { recursive: true, force: true })
      throw error
    }
  }

  /** Removes what this run staged. */
  async clear(): Promise<void> {
    const folder = await this.#folder
    this.#folder = undefined
    if (folder !== undefined) await rm(folder, { recursive: true, force: true })
  }

  /** Removes what earlier runs left; to be called before anything is staged, by the only instance. */
  async clearLeftovers(): Promise<void> {
    for (const name of await readdir(this.#temporaryFolder)) {
      if (name.startsWith(folderPrefix)) await rm(join(this.#temporaryFolder, name), { recursive: true, force: true })
    }
  }
}
