/**
 * Error codes are a promise to scripts: each that the engine throws has a status in shared/errors.ts, each of these and of the
 * command line's own has a line in docs/errors.md, and the page names no code and no status that is not so.
 */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseSync } from 'oxc-parser'

const root = join(import.meta.dirname, '..')
const read = (file: string) => readFileSync(join(root, file), 'utf8')

/** Files that make an error from a code which is not written there: it comes from elsewhere in the code, or from a peer. */
const passOn = new Set([
  'cli/commands/content.ts',
  'cli/commands/tree.ts',
  'cli/transfer/localTree.ts',
  'cli/transfer/result.ts',
  'engine/chunks/threadPool.ts',
  'engine/gateway/problems.ts',
  'engine/gateway/routes/query.ts',
  'engine/gateway/service/transfers.ts',
  'engine/membership/refusals.ts',
  'engine/net/envelope.ts',
  'engine/net/hello.ts',
  'engine/replication/courier.ts',
  'engine/transfers/transfers.ts',
])
/** Functions beside the two constructors that take a code first. */
const helpers = new Set(['EngineError', 'Failure', 'refusalFor'])

type Node = { readonly type: string } & Readonly<Record<string, unknown>>
const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && 'type' in value

/** A part of the syntax tree and all below it; `below` tells whether to look below a node. */
function* nodesIn(value: unknown, below: (node: Node) => boolean = () => true): Generator<Node> {
  if (Array.isArray(value)) for (const each of value) yield* nodesIn(each, below)
  else if (isNode(value)) {
    yield value
    if (!below(value)) return
    for (const child of Object.values(value)) if (typeof child === 'object') yield* nodesIn(child, below)
  }
}
const mayHoldCodes = ({ type }: Node) => type !== 'CallExpression' && type !== 'BinaryExpression'

/** Codes written in a file, those in conditional expressions included; `foreign` if one is not written there. */
function codesIn(file: string, text: string): { codes: string[]; foreign: boolean } {
  const codes: string[] = []
  let foreign = false
  for (const node of nodesIn(parseSync(file, text).program)) {
    if (node.type !== 'NewExpression' && node.type !== 'CallExpression') continue
    const { callee } = node
    if (!isNode(callee) || !helpers.has(String(callee['name']))) continue
    const [first] = node['arguments'] as unknown[]
    const written = [...nodesIn(first, mayHoldCodes)].flatMap((each) =>
      each.type === 'Literal' && typeof each['value'] === 'string' ? [each['value']] : [],
    )
    codes.push(...written)
    if (written.length === 0) foreign = true
  }
  return { codes, foreign }
}

const sources = (folder: string) =>
  globSync(`${folder}/**/*.ts`, { cwd: root })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => !/\.test\.ts$|\/test[A-Z]\w*\.ts$|\/testing\/|^engine\/sim\//.test(file))

const statuses = new Map(
  Array.from(read('shared/errors.ts').matchAll(/^ {2}'?([a-z-]+)'?: \{ status: (\d{3}),/gm), ([, code, status]) => [
    code as string,
    status as string,
  ]),
)
/** Code to status; `-` for codes that no HTTP answer has. */
const documented = new Map(
  Array.from(read('docs/errors.md').matchAll(/^\| `([a-z-]+)` \| (\d{3}|-) \|/gm), ([, code, status]) => [
    code as string,
    status as string,
  ]),
)

test('every code that the engine throws has a status and a line in docs/errors.md', () => {
  assert.ok(statuses.size > 50 && documented.size > 50, 'both lists are read')
  for (const file of sources('engine')) {
    const { codes, foreign } = codesIn(file, read(file))
    assert.ok(!foreign || passOn.has(file), `${file} makes an error of a code that is not written there`)
    for (const code of codes) {
      assert.ok(statuses.has(code), `${code} (${file}) has no line in shared/errors.ts`)
      assert.equal(documented.get(code), statuses.get(code), `${code} (${file}) in docs/errors.md`)
    }
  }
})

test("the command line's own codes have a line in docs/errors.md", () => {
  for (const file of sources('cli')) {
    const { codes, foreign } = codesIn(file, read(file))
    assert.ok(!foreign || passOn.has(file), `${file} makes a failure of a code that is not written there`)
    for (const code of codes) assert.ok(documented.has(code), `${code} (${file}) has no line in docs/errors.md`)
  }
})

test('docs/errors.md gives the statuses that are sent, and all of them', () => {
  for (const [code, status] of statuses) assert.equal(documented.get(code), status, code)
  for (const [code, status] of documented) {
    if (status !== '-') assert.equal(statuses.get(code), status, `${code} is documented and has no line`)
  }
})

test('this check sees codes in conditions, and those that are not written', () => {
  const source = `
    throw new EngineError(late ? 'timeout' : 'peer-gone', 'words')
    throw new EngineError(code, 'words')`
  assert.deepEqual(codesIn('a.ts', source), { codes: ['timeout', 'peer-gone'], foreign: true })
})
