/**
 * host:port texts, as people type them and nodes remember them, and the list of those under which this computer may be
 * reached. IPv6 hosts stand in brackets. Bridges and tunnels come last: a container's bridge has the same address on every
 * computer, so a peer that tries it first mostly finds itself or nothing.
 */
import { isIP } from 'node:net'
import type { NetworkInterfaceInfo } from 'node:os'
import { EngineError } from '../base/error.ts'
import { limits } from '../limits.ts'

export interface HostPort {
  readonly host: string
  readonly port: number
}

/** Reads `host:port` or `[IPv6]:port`. Throws `bad-address`. */
export function parseAddress(address: string): HostPort {
  const match = /^(?:\[([0-9a-fA-F:.]+(?:%[\w.-]+)?)\]|([^\s:/[\]@]{1,253})):(\d{1,5})$/.exec(address)
  const host = match?.[1] ?? match?.[2]
  const port = Number(match?.[3])
  if (host === undefined || !(port >= 1 && port <= 65_535)) {
    throw new EngineError('bad-address', `${JSON.stringify(address.slice(0, 300))} is no address`, {
      hint: 'Addresses look like 192.168.1.20:47100, [fd00::20]:47100 or nas.local:47100.',
    })
  }
  return { host, port }
}

/** The inverse of `parseAddress`; an IPv4 address that was mapped into IPv6 becomes itself. */
export function formatAddress(host: string, port: number): string {
  const plain = host.replace(/^::ffff:(?=\d+\.)/, '')
  return isIP(plain.replace(/%.*/, '')) === 6 ? `[${plain}]:${port}` : `${plain}:${port}`
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.')
}

/** True for the hosts that mean all interfaces. */
export function isWildcard(host: string): boolean {
  return host === '::' || host === '0.0.0.0'
}

type Interfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>

const VIRTUAL = /^(docker|br-|veth|virbr|vmnet|vboxnet|vEthernet|utun|tun|tap|wg|zt|tailscale|lxc|cni|podman)/

/**
 * host:port under which a listener on `host` may be reached, most likely first: real interfaces before bridges and tunnels,
 * IPv4 before IPv6, loopback only if there is nothing else or it is what was asked for. At most limits.addressesPerNode.
 */
export function reachableAddresses(interfaces: Interfaces, host: string, port: number): string[] {
  if (!isWildcard(host)) return [formatAddress(host, port)]
  const usable = Object.entries(interfaces)
    .flatMap(([name, infos]) => (infos ?? []).map((info) => ({ name, info })))
    .filter(({ info }) => !info.address.startsWith('fe80:') && (info.family === 'IPv4' || host === '::'))
  const outward = usable.filter(({ info }) => !info.internal)
  return (outward.length > 0 ? outward : usable)
    .map(({ name, info }) => ({
      address: info.address,
      rank: (VIRTUAL.test(name) ? 2 : 0) + (info.family === 'IPv4' ? 0 : 1),
    }))
    .sort((left, right) => left.rank - right.rank)
    .slice(0, limits.addressesPerNode)
    .map(({ address }) => formatAddress(address, port))
}
