/**
 * The `hadahoop` command. Compiled code is kept between runs, which cuts the time to start by two thirds; that has to be
 * switched on before anything else is imported.
 */
import { enableCompileCache } from 'node:module'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** In a checkout beside the packages; installed, where the account keeps its caches, since the program's folder may be another's. */
function cacheFolder(): string {
  if (import.meta.filename.endsWith('.ts')) return join(import.meta.dirname, '..', 'node_modules', '.cache')
  const { LOCALAPPDATA, XDG_CACHE_HOME } = process.env
  if (process.platform === 'win32') return join(LOCALAPPDATA || homedir(), 'Hadahoop', 'Cache')
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'Hadahoop')
  return join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'hadahoop')
}

enableCompileCache(join(cacheFolder(), 'compiled'))
const { run } = await import('./program.ts')

// A reader that has seen enough (`hadahoop ls | head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(0)
})
process.exitCode = await run(process.argv.slice(2))
