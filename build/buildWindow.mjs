// One build of the window: Vite from renderer/ into a folder of its own, which then takes the place of dist/window, so that a
// node that starts meanwhile never reads half a window. Texts are also kept compressed, for browsers on other machines.
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { constants, gzipSync } from 'node:zlib'
import react from '@vitejs/plugin-react'
import { build } from 'vite'
import { root } from './bootstrap.mjs'
import { licencesText } from './licences.mjs'
import { windowFolder, windowStamp } from './window.mjs'

const stamp = windowStamp()
const unfinished = `${windowFolder}-${process.pid}`
const compressFromBytes = 1024

/** Beside the window: the licences of all that it contains. */
function licences() {
  return {
    name: 'licences',
    /** @this {import('vite').Rollup.PluginContext} */
    generateBundle() {
      this.emitFile({ type: 'asset', fileName: 'licences.txt', source: licencesText(this.getModuleIds()) })
    },
  }
}

try {
  await build({
    configFile: false,
    root: join(root, 'renderer'),
    logLevel: 'warn',
    plugins: [react(), licences()],
    build: {
      outDir: unfinished,
      emptyOutDir: true,
      target: 'es2023',
      // The oldest with light-dark(), which is left as it is.
      cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
      // Everything from files of our own origin: the content security policy allows nothing inline.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      chunkSizeWarningLimit: 2000,
    },
  })
  for (const entry of readdirSync(unfinished, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/\.(js|mjs|css|svg|txt)$/.test(entry.name)) continue
    const file = join(entry.parentPath, entry.name)
    const bytes = readFileSync(file)
    if (bytes.length < compressFromBytes) continue
    writeFileSync(`${file}.gz`, gzipSync(bytes, { level: constants.Z_BEST_COMPRESSION }))
  }
  writeFileSync(join(unfinished, 'stamp'), stamp)
  rmSync(windowFolder, { recursive: true, force: true })
  renameSync(unfinished, windowFolder)
} finally {
  rmSync(unfinished, { recursive: true, force: true })
}
