// The layer map: who may import whom. The one place that says so; checkLayers.ts enforces it and `npm test` fails on a
// breach. An import that is not allowed here is a design question, not a formality: a lower layer that needs a higher one
// takes a function or an interface from it instead.

/** Order inside engine/: a line may import the lines above it. Entries on one line are one layer. */
export const engineOrder: readonly (readonly string[])[] = [
  ['base'],
  ['ports.ts', 'limits.ts', 'config.ts'],
  ['platform'],
  ['identity'],
  ['net'],
  ['catalog'],
  ['membership'],
  ['chunks'],
  ['placement'],
  ['replication'],
  ['files'],
  ['transfers'],
  ['activity'],
  ['cloud'],
  ['gateway'],
  ['upkeep.ts'],
  ['poolRuntime.ts', 'diagnosis.ts'],
  ['engine.ts'],
  ['main.ts'],
  ['sim'],
]

/** Folders whose files may be imported singly. Of all others only the public files count. */
export const openFolders: readonly string[] = ['engine/base', 'engine/sim', 'engine/catalog/testing']
export const publicFiles: readonly string[] = ['index.ts', 'types.ts']

/** What the folders outside engine/ may import beside themselves: folders with all below them, and files. */
export const mayImport: Readonly<Record<string, readonly string[]>> = {
  shared: [],
  cli: [
    'shared',
    'engine/base',
    'engine/ports.ts',
    'engine/limits.ts',
    'engine/config.ts',
    'engine/platform',
    'engine/engine.ts',
    'engine/main.ts',
  ],
  electron: [
    'shared',
    'engine/base',
    'engine/main.ts',
    'cli/apiClient.ts',
    'cli/dataFolder.ts',
    'cli/transfer/safeNames.ts',
  ],
  renderer: ['shared'],
  e2e: ['shared', 'engine/base', 'electron', 'build/electronBinary.mjs'],
  bench: ['shared', 'engine', 'cli', 'e2e/support'],
  build: ['e2e/browser.ts'],
  bin: ['build'],
}
/** Layers of engine/ that may import shared/. */
export const engineUsersOfShared: readonly string[] = [
  'transfers',
  'activity',
  'gateway',
  'diagnosis.ts',
  'engine.ts',
  'main.ts',
  'sim',
]

/**
 * Foreign modules that touch the world, and where alone they may be imported (types may be imported anywhere, tests may
 * import anything). Everything else asks for a port.
 */
const world = ['engine/platform', 'engine/sim', 'engine/main.ts', 'cli', 'electron', 'build', 'bin', 'bench', 'e2e']
export const onlyIn: Readonly<Record<string, readonly string[]>> = {
  '@parcel/watcher': world,
  'better-sqlite3': world,
  'bonjour-service': world,
  electron: ['electron'],
  'node:child_process': world,
  'node:dgram': world,
  'node:dns': world,
  'node:dns/promises': world,
  'node:fs': [...world, 'engine/chunks/buildCutLoop.ts'], // run by hand; its result is committed
  'node:fs/promises': world,
  'node:http': [...world, 'engine/gateway'],
  'node:https': [...world, 'engine/gateway'],
  'node:net': world,
  'node:os': world,
  'node:sqlite': world,
  'node:timers': world,
  'node:timers/promises': world,
  'node:tls': world,
  'node:worker_threads': [...world, 'engine/chunks/worker.ts'], // what runs inside a thread
  ws: world,
}

/** In engine/, time and chance come from the Clock and Random ports: what to call instead, and which folders are exempt. */
const platformOnly = ['engine/platform']
export const forbiddenCalls: Readonly<Record<string, { readonly use: string; readonly except: readonly string[] }>> = {
  'Date.now': { use: 'clock.nowMs()', except: platformOnly },
  'new Date()': { use: 'new Date(clock.nowMs())', except: platformOnly },
  'performance.now': { use: 'clock.monotonicMs()', except: platformOnly },
  'process.hrtime': { use: 'clock.monotonicMs()', except: platformOnly },
  'process.hrtime.bigint': { use: 'clock.monotonicMs()', except: platformOnly },
  setTimeout: { use: 'clock.sleep() or clock.timer()', except: platformOnly },
  setInterval: { use: 'clock.sleep() or clock.timer()', except: platformOnly },
  setImmediate: { use: 'clock.soon()', except: ['engine/platform', 'engine/sim'] },
  'AbortSignal.timeout': { use: 'clock.timer()', except: platformOnly },
  'Math.random': { use: 'random.fraction()', except: platformOnly },
  randomBytes: { use: 'random.bytes()', except: platformOnly },
  randomInt: { use: 'random.fraction()', except: platformOnly },
  randomUUID: { use: 'random.bytes()', except: platformOnly },
  randomFillSync: { use: 'random.bytes()', except: platformOnly },
  getRandomValues: { use: 'random.bytes()', except: platformOnly },
}
