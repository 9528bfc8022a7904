/**
 * What a node says of itself by mDNS (RFC 6763, TXT records) and how it is read. Whoever is on the network can say
 * anything, so every field is checked and what fails is no sighting; what passes is still only a hint.
 */
import { isIP } from 'node:net'
import { z } from 'zod'
import { type NodeId, NodeIds } from '../base/ids.ts'
import { limits } from '../limits.ts'
import type { Announcement, Sighting } from '../ports.ts'
import { formatAddress } from './address.ts'

export const SERVICE_TYPE = 'hadahoop'

/** A service as bonjour-service gives it, as far as it is used here. */
export interface HeardService {
  readonly name: string
  readonly txt?: unknown
  readonly addresses?: readonly string[]
  readonly referer?: { readonly address: string }
}

const number = z
  .string()
  .regex(/^\d{1,15}$/)
  .transform(Number)
const txt = z.object({
  v: number.refine((protocol) => protocol >= 1),
  id: z.string().refine(NodeIds.is),
  pool: z
    .string()
    .regex(/^[0-9a-f]{16}$/)
    .optional(),
  port: number.refine((port) => port >= 1 && port <= 65_535),
  epoch: number,
  name: z.string().optional(),
})

/** The TXT record: short keys, each entry below 256 bytes. */
export function txtOf(announcement: Announcement): Record<string, string> {
  const { nodeId, name, poolHint, protocol, port, addressEpoch } = announcement
  return {
    v: String(protocol),
    id: nodeId,
    ...(poolHint !== null && { pool: poolHint }),
    port: String(port),
    epoch: String(addressEpoch),
    ...(name !== '' && { name: plainText(name, limits.nodeNameMaxBytes) }),
  }
}

/** The service's name, for people who browse: at most 63 bytes (RFC 6763, 4.1.1), told apart by the id. */
export function instanceName({ name, nodeId }: Announcement): string {
  return `${plainText(name, 50)} ${nodeId.slice(0, 8)}`.trim()
}

/** A name of its own, so that no answer collides with the computer's other mDNS responder (RFC 6762, 9). */
export function hostName({ nodeId }: Announcement): string {
  return `hadahoop-${nodeId}.local`
}

/** The sighting in a heard service, or undefined if it makes no sense. `own` are this computer's addresses. */
export function sightingOf(service: HeardService, own: ReadonlySet<string>): Sighting | undefined {
  const parsed = txt.safeParse(service.txt)
  if (!parsed.success) return undefined
  const { v, id, pool, port, epoch, name } = parsed.data
  const sender = service.referer?.address
  // Bridges have equal addresses on many computers; a record that names one of ours leads nowhere.
  const records = (service.addresses ?? []).filter((address) => !own.has(address))
  const hosts = new Set([...(sender === undefined ? [] : [sender]), ...records])
  return {
    nodeId: id,
    name: plainText(name ?? '', limits.nodeNameMaxBytes),
    poolHint: pool ?? null,
    protocol: v,
    port,
    addressEpoch: epoch,
    addresses: [...hosts]
      .filter((host) => isIP(host) !== 0 && !host.startsWith('fe80:'))
      .slice(0, limits.addressesPerNode)
      .map((host) => formatAddress(host, port)),
  }
}

/** The node that a service's TXT record names, if any. */
export function nodeIdOf(service: HeardService): NodeId | undefined {
  const parsed = txt.shape.id.safeParse((service.txt as Record<string, unknown> | undefined)?.['id'])
  return parsed.success ? parsed.data : undefined
}

/** Without control characters and newlines, which the TXT reader of bonjour-service cannot bear; at most so many bytes. */
function plainText(text: string, maxBytes: number): string {
  let plain = text.toWellFormed().replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ')
  while (Buffer.byteLength(plain) > maxBytes) plain = Array.from(plain).slice(0, -1).join('')
  return plain
}
