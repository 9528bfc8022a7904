// Finds the npm or npx process that started this one. Killing npm with SIGKILL, or a shell that npm put between,
// leaves the real process running and holding its data folder; knowing npm's process id lets it notice (attend.mjs).
// Only npm counts: a shell may end and leave a node running on purpose (nohup, systemd, `&`).
import { readFileSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { basename } from 'node:path'

/**
 * @param {number} pid where to start looking, upwards; at most a shell may stand between
 * @returns {number | undefined} the process id of npm or npx
 */
export function npmAncestor(pid) {
  if (!process.env['npm_execpath'] || process.platform === 'win32') return undefined
  for (let current = pid, step = 0; step < 2 && current > 1; step++) {
    const found = describeProcess(current)
    if (!found) return undefined
    if (isNpm(found.command)) return current
    current = found.parent
  }
  return undefined
}

/** npm names its process `npm start`; before that it is `node …/npm-cli.js start`. */
function isNpm(/** @type {string} */ command) {
  return command.split(' ', 2).some((word) => /^np[mx](-cli\.c?js)?$/.test(basename(word)))
}

function describeProcess(/** @type {number} */ pid) {
  try {
    if (process.platform === 'linux') {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
      const afterName = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
      return { parent: Number(afterName[1]), command }
    }
  } catch {
    return undefined // it ended meanwhile
  }
  const { status, stdout } = spawnSync('ps', ['-o', 'ppid=,command=', '-p', String(pid)], { encoding: 'utf8' })
  const match = status === 0 ? /^\s*(\d+)\s+(.*)/.exec(stdout) : null
  return match ? { parent: Number(match[1]), command: match[2] ?? '' } : undefined
}
