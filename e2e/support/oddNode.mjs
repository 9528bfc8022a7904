// Makes a real node odd from outside, loaded before it by NODE_OPTIONS: a wall clock that is off by as many milliseconds as a file
// says, and a release that speaks other protocols. The node's own code knows nothing of it.
import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'

const { ODD_CLOCK_FILE, ODD_PROTOCOL } = process.env

if (ODD_CLOCK_FILE !== undefined) {
  const realNow = Date.now
  Date.now = () => realNow() + Number(readFileSync(ODD_CLOCK_FILE, 'utf8'))
}

const files = ['/engine/net/hello.ts', '/engine/membership/pairing.ts']
const constant = /(PROTOCOL_MIN|PROTOCOL_VERSION|^const protocol) = \d+$/gm

if (ODD_PROTOCOL !== undefined) {
  registerHooks({
    load(url, context, next) {
      const loaded = next(url, context)
      if (!files.some((file) => url.endsWith(file))) return loaded
      const source = Buffer.from(/** @type {Uint8Array} */ (loaded.source)).toString()
      const changed = source.replaceAll(constant, (text) => text.replace(/\d+$/, ODD_PROTOCOL))
      if (changed === source) throw new Error(`${url} names its protocol in another way now`)
      return { ...loaded, source: changed }
    },
  })
}
