/**
 * Saving a file of the pool on this computer: into the folder that a person chose for downloads, else where the system's dialog
 * says. In a folder nothing is ever replaced: what is there keeps its name, the new one gets a number. What a person agreed to
 * replace stays until all of the new is there.
 */
import { createWriteStream } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { numbered, safeName } from '../cli/transfer/safeNames.ts'
import { ShellFailure } from './words.ts'

type Fetch = () => Promise<Readable>

/** Writes beside the file and puts it there when it is whole. */
export async function saveAs(file: string, fetch: Fetch): Promise<void> {
  const coming = `${file}.part`
  try {
    await pipeline(await fetch(), createWriteStream(coming))
    await rename(coming, file)
  } catch (error) {
    await rm(coming, { force: true })
    throw error
  }
}

/** Answers where the file lies then. Throws ShellFailure `no-download-folder`. */
export async function saveInto(folder: string, name: string, fetch: Fetch): Promise<string> {
  const file = await reserve(folder, safeName(name, process.platform))
  try {
    await saveAs(file, fetch)
    return file
  } catch (error) {
    await rm(file, { force: true })
    throw error
  }
}

/** Makes an empty file under the first free name, so that two that are saved at once do not meet. */
async function reserve(folder: string, name: string): Promise<string> {
  for (let number = 1; ; number++) {
    const file = join(folder, number === 1 ? name : numbered(name, number))
    try {
      await (await open(file, 'wx')).close()
      return file
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EEXIST') continue
      if (code !== 'ENOENT') throw error
      throw new ShellFailure(
        'no-download-folder',
        `The folder for downloads is not there: ${folder}.`,
        'Choose another one in Settings.',
      )
    }
  }
}
