/** A program for mdns.test.ts: announces one node by the real Discovery port and prints, one JSON per line, what it sees. */
import { stdin, stdout } from 'node:process'
import type { NodeId } from '../base/ids.ts'
import type { Announcement } from '../ports.ts'
import { systemClock } from './clock.ts'
import { createDiscovery } from './mdns.ts'

const announcement: Announcement = {
  nodeId: process.argv[2] as NodeId,
  name: process.argv[3] ?? '',
  poolHint: null,
  protocol: 1,
  port: 47_100,
  addressEpoch: 1,
}
const discovery = createDiscovery(systemClock)
const print = (value: unknown) => stdout.write(`${JSON.stringify(value)}\n`)
await discovery.start(
  announcement,
  (seen) => print({ seen }),
  (gone) => print({ gone }),
)
// Stops with a goodbye when its input ends.
stdin.resume()
stdin.on('end', () => void discovery.stop().then(() => print({ stopped: true })))
