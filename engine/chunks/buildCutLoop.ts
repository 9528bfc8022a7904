/**
 * Compiles cutLoop.as (AssemblyScript) into cutLoopBytes.ts. Run it after each change of the source:
 * `node engine/chunks/buildCutLoop.ts`. The bytes are committed, so that a node needs no compiler; a test recompiles and compares.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import asc, { createMemoryStream } from 'assemblyscript/asc'

const source = new URL('./cutLoop.as', import.meta.url)
const target = new URL('./cutLoopBytes.ts', import.meta.url)

/** The text of cutLoopBytes.ts as it must be for the present source. */
export async function compileCutLoop(): Promise<string> {
  let module: Uint8Array | undefined
  const messages = createMemoryStream()
  const { error } = await asc.main(
    ['cutLoop.ts', '-O3', '--runtime', 'stub', '--outFile', 'cutLoop.wasm', '--noAssert']
      .concat(['--importMemory', '--sharedMemory', '--enable', 'threads'])
      .concat(['--initialMemory', '1', '--maximumMemory', '65536']),
    {
      readFile: (name) => (name === 'cutLoop.ts' ? readFileSync(source, 'utf8') : null),
      writeFile: (_name, contents) => {
        if (contents instanceof Uint8Array) module = contents
      },
      listFiles: () => [],
      stderr: messages,
    },
  )
  if (error !== null || module === undefined) throw new Error(`cutLoop.as does not compile: ${messages.toString()}`)
  const lines =
    Buffer.from(module)
      .toString('base64')
      .match(/.{1,100}/g) ?? []
  return [
    '/** Made from cutLoop.as by buildCutLoop.ts: the WebAssembly module in base64. Not edited by hand. */',
    'export const cutLoopBytes = [',
    ...lines.map((line) => `  '${line}',`),
    "].join('')",
    '',
  ].join('\n')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(target, await compileCutLoop())
