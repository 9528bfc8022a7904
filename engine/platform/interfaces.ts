/**
 * The computer's network interfaces, and noticing when they change: cables, Wi-Fi, VPNs, sleep. Polled, since the runtime
 * has no event for it on any system.
 */
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os'
import { limits } from '../limits.ts'
import type { Clock } from '../ports.ts'
import { isLoopback, isWildcard } from './address.ts'

type Interfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>

/** One IPv4 address of one interface: what multicast is sent from. */
export interface Station {
  readonly name: string
  readonly address: string
}

/**
 * Where to announce a node that listens on `host`: one station per interface (its first IPv4 address) for all interfaces,
 * else the one of that address. Loopback counts only when asked for, or when there is nothing else: nodes on one laptop
 * without a network still find each other.
 */
export function stationsOf(host = '::', interfaces: Interfaces = networkInterfaces()): Station[] {
  const all = Object.entries(interfaces).flatMap(([name, infos]) =>
    (infos ?? []).filter((info) => info.family === 'IPv4').map((info) => ({ name, ...info })),
  )
  const plain = ({ name, address }: Station) => ({ name, address })
  if (!isWildcard(host)) {
    return all.filter(({ address, internal }) => (isLoopback(host) ? internal : address === host)).map(plain)
  }
  const firsts = all.filter(({ name }, index) => all.findIndex((other) => other.name === name) === index)
  const outward = firsts.filter(({ internal }) => !internal)
  return (outward.length > 0 ? outward : firsts).map(plain)
}

/** Calls `changed` after each change of any address of any interface, at most limits.interfacePollMs late. */
export function watchInterfaces(
  clock: Clock,
  changed: () => void,
  read: () => Interfaces = networkInterfaces,
): Disposable {
  const fingerprint = () =>
    Object.entries(read())
      .flatMap(([name, infos]) => (infos ?? []).map((info) => `${name} ${info.address}`))
      .sort()
      .join('\n')
  let last = fingerprint()
  let timer = clock.timer(limits.interfacePollMs, poll)
  function poll(): void {
    timer = clock.timer(limits.interfacePollMs, poll)
    const now = fingerprint()
    if (now === last) return
    last = now
    changed()
  }
  return { [Symbol.dispose]: () => timer[Symbol.dispose]() }
}
