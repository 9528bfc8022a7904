// Checks every source file against the layer map (layers.ts): imports that point upwards, past a folder's public file or at
// modules that touch the world, and real time or chance inside the engine. Prints `file:line: what, and what to do`.
// Type imports and worker files (`new URL('./x.ts', import.meta.url)`) count as imports. Rejected: oxlint's
// no-restricted-imports, which sees only the text of a relative path and would need a rule per folder and depth.
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { parseSync } from 'oxc-parser'
import {
  engineOrder,
  engineUsersOfShared,
  forbiddenCalls,
  mayImport,
  onlyIn,
  openFolders,
  publicFiles,
} from './layers.ts'

interface Import {
  readonly specifier: string
  readonly offset: number
  readonly typeOnly: boolean
}

interface Finding {
  readonly file: string
  readonly line: number
  readonly text: string
}

/** A node of the syntax tree, as far as this check looks into it. */
type SyntaxNode = { readonly type: string; readonly start: number } & Readonly<Record<string, unknown>>

/**
 * All breaches of the map in one file.
 * @param file path from the project's root, with `/`
 */
export function checkFile(file: string, text: string): Finding[] {
  const { imports, calls } = readSource(file, text)
  const findings: Finding[] = []
  const report = (offset: number, what: string): void => {
    findings.push({ file, line: text.slice(0, offset).split('\n').length, text: what })
  }
  for (const each of imports) {
    const fault = each.specifier.startsWith('.') ? relativeFault(file, each) : foreignFault(file, each)
    if (fault) report(each.offset, fault)
  }
  if (file.startsWith('engine/') && !isTest(file)) {
    for (const { name, offset } of calls) {
      const rule = forbiddenCalls[name]
      if (rule && !isUnderAny(file, rule.except)) {
        report(offset, `${name} makes the engine unrepeatable; use the port: ${rule.use}`)
      }
    }
  }
  return findings
}

function relativeFault(file: string, { specifier }: Import): string | undefined {
  const target = posix.normalize(posix.join(posix.dirname(file), specifier))
  if (target.startsWith('..')) return `'${specifier}' leaves the project`
  const from = placeOf(file)
  const to = placeOf(target)
  if (isTest(target) && !isTest(file)) return `'${specifier}' is for tests only`
  if (from === to) return undefined
  if (to === 'engine/sim') {
    return isTest(file) ? undefined : `'${specifier}': sim/ is for tests only`
  }
  if (from === 'engine/sim') return undefined
  const allowed = isAllowed(from, to, target)
  if (allowed !== true) return `'${specifier}': ${allowed}`
  const isSingleFile = to === target
  if (isSingleFile || !to.startsWith('engine/') || isUnderAny(target, openFolders)) return undefined
  if (publicFiles.some((name) => target === `${to}/${name}`)) return undefined
  return `'${specifier}' reaches into ${to}/; import ${to}/index.ts, and export there what is missing`
}

function isAllowed(from: string, to: string, target: string): true | string {
  const fromFolder = topOf(from)
  const toFolder = topOf(to)
  if (fromFolder === 'engine' && toFolder === 'engine') {
    const fromRank = rankOf(from)
    const toRank = rankOf(to)
    if (fromRank === -1) return `${from} has no place in build/layers.ts`
    if (toRank === -1) return `${to} has no place in build/layers.ts`
    return toRank <= fromRank ? true : `${from} may not import ${to}, which stands above it (build/layers.ts)`
  }
  if (fromFolder === 'engine' && toFolder === 'shared') {
    const users = engineUsersOfShared.map((name) => `engine/${name}`)
    return users.includes(from) ? true : `${from} may not import shared/; only ${users.join(', ')} may`
  }
  if (fromFolder === toFolder) return true
  const list = mayImport[fromFolder]
  if (!list) return `${fromFolder}/ has no place in build/layers.ts`
  if (isUnderAny(target, list)) return true
  return `${fromFolder}/ may not import ${to}; it may import ${list.join(', ') || 'nothing but itself'} (build/layers.ts)`
}

function foreignFault(file: string, { specifier, typeOnly }: Import): string | undefined {
  if (typeOnly || isTest(file)) return undefined
  if (topOf(file) === 'shared' && specifier.startsWith('node:')) return `'${specifier}': shared/ also runs in a browser`
  const folders = onlyIn[specifier]
  if (!folders || isUnderAny(file, folders)) return undefined
  return `'${specifier}' touches the world; take a port instead (only in ${folders.join(', ')})`
}

/** The layer or folder a file belongs to: `engine/net`, `engine/ports.ts`, `cli`. */
function placeOf(file: string): string {
  const parts = file.split('/')
  const count = parts[0] === 'engine' ? 2 : 1
  return withoutTest(parts.slice(0, count).join('/'))
}

/** `engine/limits.test.ts` stands where `engine/limits.ts` stands. */
const withoutTest = (path: string): string => path.replace(/\.test\.ts$/, '.ts')
const topOf = (path: string): string => path.split('/', 1)[0] ?? ''
const rankOf = (place: string): number =>
  engineOrder.findIndex((line) => line.some((name) => place === `engine/${name}`))
/** Tests, and what supports them: `peer.test.ts`, `testPool.ts`. */
const isTest = (file: string): boolean => /(\.(test|spec)\.tsx?|\/test[A-Z]\w*\.ts)$/.test(file)
const isUnderAny = (path: string, folders: readonly string[]): boolean =>
  folders.some((folder) => path === folder || path.startsWith(`${folder}/`))

function readSource(file: string, text: string): { imports: Import[]; calls: { name: string; offset: number }[] } {
  const { program, module, errors } = parseSync(file, text)
  if (errors[0]) throw new Error(`${file}: ${errors[0].message}`)
  const imports: Import[] = []
  for (const each of module.staticImports) {
    const typeOnly = each.entries.length > 0 && each.entries.every((entry) => entry.isType)
    imports.push({ specifier: each.moduleRequest.value, offset: each.start, typeOnly })
  }
  for (const each of module.staticExports) {
    for (const entry of each.entries) {
      if (entry.moduleRequest) {
        imports.push({ specifier: entry.moduleRequest.value, offset: each.start, typeOnly: entry.isType })
      }
    }
  }
  const calls: { name: string; offset: number }[] = []
  walk(program, (node) => {
    const literal = literalArgument(node)
    if (node.type === 'ImportExpression' && literal !== undefined) {
      imports.push({ specifier: literal, offset: node.start, typeOnly: false })
    } else if (node.type === 'TSImportType' && literal !== undefined) {
      imports.push({ specifier: literal, offset: node.start, typeOnly: true })
    } else if (node.type === 'NewExpression') {
      const name = nameOf(node['callee'])
      const count = (node['arguments'] as unknown[]).length
      if (name === 'URL' && count === 2 && literal !== undefined && /^\.{1,2}\/.*\.[cm]?tsx?$/.test(literal)) {
        imports.push({ specifier: literal, offset: node.start, typeOnly: false })
      }
      if (name === 'Date' && count === 0) calls.push({ name: 'new Date()', offset: node.start })
    } else if (node.type === 'CallExpression') {
      const name = nameOf(node['callee'])
      calls.push({ name: name.replace(/^(globalThis|crypto|webcrypto|timers)\./, ''), offset: node.start })
    }
  })
  return { imports: imports.filter((each, at) => isFirst(imports, each, at)), calls }
}

function isFirst(imports: readonly Import[], each: Import, at: number): boolean {
  return imports.findIndex((other) => other.offset === each.offset && other.specifier === each.specifier) === at
}

/** The text of `import('…')`'s or `new URL('…')`'s first argument. */
function literalArgument(node: SyntaxNode): string | undefined {
  const argument = node.type === 'NewExpression' ? (node['arguments'] as unknown[])[0] : node['source']
  return isNode(argument) && typeof argument['value'] === 'string' ? argument['value'] : undefined
}

/** `Date.now` of the callee in `Date.now()`; empty where it is not a plain name. */
function nameOf(callee: unknown): string {
  if (!isNode(callee)) return ''
  if (callee.type === 'Identifier') return String(callee['name'])
  if (callee.type !== 'MemberExpression' || callee['computed'] === true) return ''
  const object = nameOf(callee['object'])
  return object && `${object}.${nameOf(callee['property'])}`
}

function walk(value: unknown, visit: (node: SyntaxNode) => void): void {
  if (Array.isArray(value)) for (const each of value) walk(each, visit)
  else if (isNode(value)) {
    visit(value)
    for (const child of Object.values(value)) if (typeof child === 'object' && child !== null) walk(child, visit)
  }
}

const isNode = (value: unknown): value is SyntaxNode =>
  typeof value === 'object' && value !== null && 'type' in value && 'start' in value

if (process.argv[1] === import.meta.filename) {
  const root = dirname(import.meta.dirname)
  const folders = ['engine', ...Object.keys(mayImport)].join(',')
  const files = globSync(`{${folders}}/**/*.{ts,tsx,mjs}`, { cwd: root }).map((file) => file.replaceAll('\\', '/'))
  const findings = files.toSorted().flatMap((file) => checkFile(file, readFileSync(join(root, file), 'utf8')))
  for (const { file, line, text } of findings) console.error(`${file}:${line}: ${text}`)
  console.log(`layers: ${files.length} files, ${findings.length} breaches`)
  process.exitCode = findings.length > 0 ? 1 : 0
}
