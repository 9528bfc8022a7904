/**
 * Whether a TCP port can be had now. For ports that a node had before and only prefers: while it was off, the system may have
 * given them to any other program, and a node that does not start because of that would be worse than one at a new address.
 */
import { createServer } from 'node:net'

/** False if somebody has the port on this address (on all of them by default). Other troubles are left to who listens. */
export function isPortFree(port: number, host?: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', (error) => resolve(!('code' in error && error.code === 'EADDRINUSE')))
    probe.listen({ port, ...(host === undefined ? {} : { host }) }, () => probe.close(() => resolve(true)))
  })
}
