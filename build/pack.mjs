// `npm run pack [arguments]`: builds what an installed command needs, then `npm pack`. A script of its own because .npmrc lets npm run
// no lifecycle scripts, so that plain `npm pack` packs what was built last.
import { spawnSync } from 'node:child_process'
import { npmCommand, root } from './bootstrap.mjs'
import { buildLibraryIfStale } from './library.mjs'

buildLibraryIfStale()
const npm = npmCommand()
const args = [...npm.args, 'pack', '--ignore-scripts', ...process.argv.slice(2)]
const { status } = spawnSync(npm.file, args, { cwd: root, stdio: 'inherit', shell: npm.shell })
process.exitCode = status ?? 1
