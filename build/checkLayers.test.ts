// The layer map is only worth something if each kind of breach is found and nothing else is.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkFile } from './checkLayers.ts'

const faults = (file: string, text: string): string[] =>
  checkFile(file, text).map((finding) => `${finding.line}: ${finding.text}`)

function assertFault(file: string, text: string, pattern: RegExp): void {
  const found = faults(file, text)
  assert.equal(found.length, 1, `one breach expected in: ${text}, found: ${found.join('; ')}`)
  assert.match(found[0] ?? '', pattern)
}

const assertClean = (file: string, text: string): void => assert.deepEqual(faults(file, text), [])

test('a layer imports those below it by their public files', () => {
  assertClean(
    'engine/catalog/merge.ts',
    `import { a } from '../net/index.ts'\nimport type { B } from '../net/types.ts'`,
  )
  assertClean('engine/catalog/views/path.ts', `import { a } from '../rows.ts'\nimport { b } from '../../ports.ts'`)
  assertClean('engine/net/peer.ts', `import { assert } from '../base/assert.ts'`)
  assertClean('engine/main.ts', `import { Engine } from './engine.ts'`)
  assertClean('engine/config.ts', `import { limits } from './limits.ts'`)
})

test('an import of a higher layer is found, with its line, types, exports and workers included', () => {
  const upwards = /engine\/net may not import engine\/catalog/
  assertFault('engine/net/peer.ts', `\n\nimport { a } from '../catalog/index.ts'`, /^3: .*which stands above it/)
  assertFault('engine/net/peer.ts', `import type { A } from '../catalog/index.ts'`, upwards)
  assertFault('engine/net/peer.ts', `export { a } from '../catalog/index.ts'`, upwards)
  assertFault('engine/net/peer.ts', `export * from '../catalog/index.ts'`, upwards)
  assertFault('engine/net/peer.ts', `const a = await import('../catalog/index.ts')`, upwards)
  assertFault('engine/net/peer.ts', `let a: import('../catalog/index.ts').A`, upwards)
  assertFault('engine/net/peer.ts', `new Worker(new URL('../catalog/worker.ts', import.meta.url))`, upwards)
  assertFault('engine/base/bytes.ts', `import { limits } from '../limits.ts'`, /engine\/base may not import/)
})

test('a folder is entered by its public file only', () => {
  assertFault('engine/catalog/merge.ts', `import { a } from '../net/peer.ts'`, /reaches into engine\/net\//)
  assertFault('engine/main.ts', `import { a } from './net/peer.ts'`, /import engine\/net\/index.ts/)
  assertFault('cli/start.ts', `import { a } from '../engine/platform/disk.ts'`, /reaches into/)
})

test('a file without a place in the map is found', () => {
  assertFault('engine/net/peer.ts', `import { a } from '../misc/index.ts'`, /engine\/misc has no place/)
  assertFault('engine/misc/a.ts', `import { a } from '../net/index.ts'`, /engine\/misc has no place/)
})

test('sim, and what supports tests, is for tests only', () => {
  assertFault('engine/net/peer.ts', `import { simPool } from '../sim/index.ts'`, /for tests only/)
  assertFault('engine/main.ts', `import { simPool } from './sim/pool.ts'`, /for tests only/)
  assertClean('engine/net/peer.test.ts', `import { simPool } from '../sim/pool.ts'`)
  assertClean('engine/net/testPool.ts', `import { simPool } from '../sim/pool.ts'`)
  assertClean('engine/net/peer.test.ts', `import { testPool } from './testPool.ts'`)
  assertFault('engine/net/peer.ts', `import { testPool } from './testPool.ts'`, /for tests only/)
  assertClean('engine/sim/pool.ts', `import { peer } from '../net/peer.ts'\nimport { e } from '../engine.ts'`)
})

test('shared, renderer and cli keep to themselves and what they are given', () => {
  assertFault('shared/entry.ts', `import { a } from '../engine/base/ids.ts'`, /shared\/ may not import/)
  assertFault('shared/entry.ts', `import { join } from 'node:path'`, /runs in a browser/)
  assertFault('renderer/files/list.tsx', `import { a } from '../../engine/base/ids.ts'`, /renderer\/ may not import/)
  assertFault('cli/put.ts', `import { a } from '../engine/catalog/index.ts'`, /cli\/ may not import/)
  assertFault('engine/net/peer.ts', `import { a } from '../../shared/index.ts'`, /may not import shared/)
  assertClean('engine/gateway/http.ts', `import { a } from '../../shared/index.ts'`)
  assertClean('cli/put.ts', `import { a } from '../shared/index.ts'\nimport { b } from '../engine/engine.ts'`)
})

test('modules that touch the world are for the platform layer; their types are for all', () => {
  assertFault('engine/chunks/store.ts', `import { readFile } from 'node:fs/promises'`, /take a port instead/)
  assertFault('engine/net/peer.ts', `import { WebSocket } from 'ws'`, /take a port instead/)
  assertFault('cli/start.ts', `import { app } from 'electron'`, /only in electron/)
  assertClean('engine/net/peer.ts', `import type { WebSocket } from 'ws'`)
  assertClean('engine/platform/socket.ts', `import { WebSocket } from 'ws'`)
  assertClean('engine/gateway/http.ts', `import { createServer } from 'node:http'`)
  assertClean('engine/net/peer.test.ts', `import { readFile } from 'node:fs/promises'`)
})

test('real time and chance are found in the engine, in code only', () => {
  for (const code of [
    'Date.now()',
    'new Date()',
    'Math.random()',
    'setTimeout(f, 1)',
    'globalThis.setTimeout(f, 1)',
    'setInterval(f, 1)',
    'crypto.randomBytes(8)',
    'randomBytes(8)',
    'crypto.getRandomValues(a)',
    'performance.now()',
    'AbortSignal.timeout(5)',
  ]) {
    assertFault('engine/net/peer.ts', `\nconst a = ${code}`, /^2: .*use the port/)
    assertClean('engine/platform/clock.ts', `const a = ${code}`)
    assertClean('engine/net/peer.test.ts', `const a = ${code}`)
    assertClean('cli/put.ts', `const a = ${code}`)
  }
  assertClean('engine/net/peer.ts', `// Date.now()\nconst a = 'Math.random()'\nconst b = new Date(clock.nowMs())`)
  assertClean('engine/sim/world.ts', 'setImmediate(f)')
  assertFault('engine/net/peer.ts', 'setImmediate(f)', /clock\.soon/)
})
