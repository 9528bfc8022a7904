// Makes a real node odd from outside, loaded before it by NODE_OPTIONS: a wall clock that is off by as many milliseconds as a file
// says, a release that speaks other protocols, and a system that loses every tenth change of a folder. The node's own code knows
// nothing of it.
import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'

const { ODD_CLOCK_FILE, ODD_PROTOCOL, ODD_HEARING } = process.env

if (ODD_CLOCK_FILE !== undefined) {
  const realNow = Date.now
  Date.now = () => realNow() + Number(readFileSync(ODD_CLOCK_FILE, 'utf8'))
}

/**
 * Changes the text of some files of the node as they are loaded.
 * @param {readonly string[]} files
 * @param {RegExp} what
 * @param {string} to
 */
function change(files, what, to) {
  registerHooks({
    load(url, context, next) {
      const loaded = next(url, context)
      if (!files.some((file) => url.endsWith(file))) return loaded
      const source = Buffer.from(/** @type {Uint8Array} */ (loaded.source)).toString()
      const changed = source.replaceAll(what, to)
      if (changed === source) throw new Error(`${url} says it in other words now`)
      return { ...loaded, source: changed }
    },
  })
}

if (ODD_PROTOCOL !== undefined) {
  const constant = /(PROTOCOL_MIN|PROTOCOL_VERSION|^const protocol) = \d+$/gm
  change(['/engine/net/hello.ts', '/engine/membership/pairing.ts'], constant, `$1 = ${ODD_PROTOCOL}`)
}
if (ODD_HEARING !== undefined) {
  const lossy = 'heard(events.filter((event) => !/0[^/]*$/.test(event.path)).map('
  change(['/engine/limits.ts'], /linkedBurst: \d+/g, 'linkedBurst: 40')
  change(['/engine/platform/folderWatch.ts'], /heard\(events\.map\(/g, lossy)
}
