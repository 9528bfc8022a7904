/**
 * `hadahoop://join/CODE` links. Anybody can write one and put it on a web page, so it is checked letter by letter and only ever fills
 * in the code; joining takes a person. The same for `.hadahoop` files, which hold one such link.
 */
import { closeSync, openSync, readSync } from 'node:fs'

/** A code as machines show it: 20 characters of Crockford's base32 (look-alikes too), groups by hyphens. */
const code = /^[0-9A-Za-z]{4}(?:-?[0-9A-Za-z]{4}){4}$/
const link = /^hadahoop:\/\/join\/([^/?#]+)\/?$/

/** The code of a join link, or undefined if it is anything else. */
export function codeOfLink(url: string): string | undefined {
  const [, found] = link.exec(url) ?? []
  return found !== undefined && code.test(found) ? found.toUpperCase() : undefined
}

/** A link is far shorter. */
const invitationMaxBytes = 512

/** True for files that hold an invitation, by their name. */
export function isInvitation(path: string): boolean {
  return path.toLowerCase().endsWith('.hadahoop')
}

/** The code in an invitation file; undefined if there is none, or it cannot be read. */
export function codeInFile(path: string): string | undefined {
  try {
    const file = openSync(path, 'r')
    try {
      const bytes = Buffer.alloc(invitationMaxBytes)
      return codeOfLink(bytes.toString('utf8', 0, readSync(file, bytes)).trim())
    } finally {
      closeSync(file)
    }
  } catch {
    return undefined // gone, or not ours to read
  }
}
