/**
 * `hadahoop://join/CODE` links. Anybody can write one and put it on a web page, so it is checked letter by letter and only ever fills
 * in the code; joining takes a person.
 */

/** A code as machines show it: 20 characters of Crockford's base32 (look-alikes too), groups by hyphens. */
const code = /^[0-9A-Za-z]{4}(?:-?[0-9A-Za-z]{4}){4}$/
const link = /^hadahoop:\/\/join\/([^/?#]+)\/?$/

/** The code of a join link, or undefined if it is anything else. */
export function codeOfLink(url: string): string | undefined {
  const [, found] = link.exec(url) ?? []
  return found !== undefined && code.test(found) ? found.toUpperCase() : undefined
}
