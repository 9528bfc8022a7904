// The line of processes from this one up to the npm or npx that started it. Killing npm with SIGKILL, or the shell that npm
// put between (npm sends a SIGTERM to that shell alone), leaves the real process running and holding its data folder;
// knowing the line lets it notice (attend.mjs). Only npm counts: a shell of the user's may end and leave a node running on
// purpose (nohup, systemd, `&`).
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'

/**
 * @returns {number[] | undefined} process ids from the parent up to npm: between them at most our wrapper and a shell
 */
export function lineToNpm() {
  if (!process.env['npm_execpath'] || process.platform === 'win32') return undefined
  const line = []
  for (let pid = process.ppid; pid > 1 && line.length < 3; ) {
    const found = describeProcess(pid)
    if (!found) return undefined
    line.push(pid)
    if (isNpm(found.command)) return line
    pid = found.parent
  }
  return undefined
}

/** Whether every process of the line is still there and the child of the next. */
export function isIntact(/** @type {number[]} */ line) {
  if (process.ppid !== line[0]) return false
  return line.slice(1).every((pid, index) => {
    // Asking for the parent sees through a dead process that nobody has waited for yet; elsewhere that costs a `ps`.
    if (process.platform === 'linux') return describeProcess(line[index] ?? 0)?.parent === pid
    return isAlive(pid)
  })
}

function isAlive(/** @type {number} */ pid) {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** npm names its process `npm start`; before that it is `node …/npm-cli.js start`. */
function isNpm(/** @type {string} */ command) {
  return command.split(' ', 2).some((word) => /^np[mx](-cli\.c?js)?$/.test(basename(word)))
}

function describeProcess(/** @type {number} */ pid) {
  if (process.platform === 'linux') {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
      const afterName = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
      return { parent: Number(afterName[1]), command }
    } catch {
      return undefined // it ended meanwhile
    }
  }
  const { status, stdout } = spawnSync('ps', ['-o', 'ppid=,command=', '-p', String(pid)], { encoding: 'utf8' })
  const match = status === 0 ? /^\s*(\d+)\s+(.*)/.exec(stdout) : null
  return match ? { parent: Number(match[1]), command: match[2] ?? '' } : undefined
}
