/**
 * The `hadahoop` command. Compiled code is kept between runs, which cuts the time to start by two thirds; that has to be
 * switched on before anything else is imported.
 */
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'

enableCompileCache(join(import.meta.dirname, '..', 'node_modules', '.cache', 'compiled'))
const { run } = await import('./program.ts')

// A reader that has seen enough (`hadahoop ls | head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(0)
})
process.exitCode = await run(process.argv.slice(2))
