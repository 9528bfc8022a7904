/**
 * A small JSON file of the app, checked when it is read: one that is missing, damaged or of another shape counts as not there. Written
 * whole under another name first and flushed, so that a crash or a power cut leaves the old or the new, and what the engine then does
 * with a key finds that key again.
 */
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { z } from 'zod'

export function readJson<Shape extends z.ZodType>(path: string, shape: Shape): z.output<Shape> | undefined {
  try {
    const parsed = shape.safeParse(JSON.parse(readFileSync(path, 'utf8')))
    return parsed.success ? parsed.data : undefined
  } catch {
    return undefined // not there, or not JSON
  }
}

/** Readable by its owner alone; durable once it returns. */
export function writeJson(path: string, value: unknown): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const unfinished = `${path}.new`
  writeFileSync(unfinished, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600, flush: true })
  renameSync(unfinished, path)
  if (process.platform === 'win32') return // knows no flushing of folders
  const folder = openSync(dirname(path), 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}
