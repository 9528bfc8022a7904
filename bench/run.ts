// `npm run bench`: runs bench/*.bench.ts in turn, each as a process of its own so that none warms or burdens the next.
// Arguments are parts of file names; without any, all run.
import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'

const parts = process.argv.slice(2)
const files = globSync('*.bench.ts', { cwd: import.meta.dirname })
  .filter((file) => parts.length === 0 || parts.some((part) => file.includes(part)))
  .toSorted()
if (files.length === 0) {
  console.error(`no benchmark matches: ${parts.join(' ') || '*.bench.ts'}`)
  process.exitCode = 1
}
for (const file of files) {
  console.log(`\n=== ${file}`)
  const { status } = spawnSync(process.execPath, [file], { cwd: import.meta.dirname, stdio: 'inherit' })
  if (status !== 0) process.exitCode = 1
}
