// The licences of the packages whose code a release contains, as one text: those that the window is built from, and those that
// the engine needs at run time with all below them. Every one of them asks for this.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './bootstrap.mjs'

const packages = join(root, 'node_modules')

/**
 * @param {Iterable<string>} files Files that were bundled; those outside node_modules are our own.
 * @returns {string}
 */
export function licencesText(files) {
  const names = new Set()
  for (const file of files) {
    const found = /[\\/]node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)[\\/](?!.*[\\/]node_modules[\\/])/.exec(file)
    if (found?.[1] !== undefined) names.add(found[1].replaceAll('\\', '/'))
  }
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  for (const name of Object.keys(dependencies)) addWithAllBelow(name, names)
  return [...names]
    .toSorted((a, b) => a.localeCompare(b))
    .map(licenceOf)
    .join(`\n${'-'.repeat(80)}\n\n`)
}

/** @param {string} name @param {Set<string>} names */
function addWithAllBelow(name, names) {
  const file = join(packages, name, 'package.json')
  if (names.has(name) || !existsSync(file)) return
  names.add(name)
  const { dependencies = {} } = JSON.parse(readFileSync(file, 'utf8'))
  for (const below of Object.keys(dependencies)) addWithAllBelow(below, names)
}

/** @param {string} name */
function licenceOf(name) {
  const folder = join(packages, name)
  const { version, license, homepage } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const kind = typeof license === 'string' ? license : (license?.type ?? 'see its page')
  const file = readdirSync(folder).find((each) => /^licen[cs]e(\.\w+)?$/i.test(each))
  const text = file === undefined ? '' : `\n${readFileSync(join(folder, file), 'utf8').trim()}\n`
  return `${name} ${version}, ${kind}${homepage === undefined ? '' : `, ${homepage}`}\n${text}`
}
