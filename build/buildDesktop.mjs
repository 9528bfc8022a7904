// Builds dist/electron: the main process as one module (and what it loads only at need beside it), the preload script as one CommonJS
// file, as Electron's sandbox demands, the drop page and the icons. Engine and window are built apart (library.mjs, window.mjs).
// Electron itself and Node's modules stay imports; all else is bundled, so that the app needs packages for its engine only.
import { cpSync, renameSync, rmSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { join } from 'node:path'
import { build } from 'vite'
import { root } from './bootstrap.mjs'

const target = join(root, 'dist', 'electron')
const unfinished = `${target}-${process.pid}`
const external = ['electron', 'original-fs', ...builtinModules, /^node:/]

/** @param {{ entry: string, file: string, format: 'es' | 'cjs' }} what */
async function bundle({ entry, file, format }) {
  await build({
    configFile: false,
    root,
    logLevel: 'warn',
    publicDir: false,
    ssr: { noExternal: true },
    build: {
      ssr: join(root, 'electron', entry),
      outDir: unfinished,
      emptyOutDir: false,
      target: 'node24',
      minify: false,
      rolldownOptions: {
        external,
        output: { format, entryFileNames: file, chunkFileNames: '[name]-later.js', codeSplitting: format === 'es' },
      },
    },
  })
}

try {
  await bundle({ entry: 'main.ts', file: 'main.js', format: 'es' })
  await bundle({ entry: 'preload.ts', file: 'preload.cjs', format: 'cjs' })
  cpSync(join(root, 'electron', 'drop'), join(unfinished, 'drop'), {
    recursive: true,
    filter: (path) => !path.endsWith('tsconfig.json'),
  })
  cpSync(join(root, 'build', 'icons', 'app'), join(unfinished, 'icons'), { recursive: true })
  rmSync(target, { recursive: true, force: true })
  renameSync(unfinished, target)
} finally {
  rmSync(unfinished, { recursive: true, force: true })
}
