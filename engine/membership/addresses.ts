/**
 * Where each node may be reached: addresses that worked before, that a person typed, that were seen on the local network
 * or that the node's profile names, best first. Only what worked or was typed is kept over restarts. Nothing here is
 * trusted: whoever answers must prove the node's identity, so a false sighting costs one failed dial, and it never pushes
 * out an address that worked or was typed.
 */
import { isEngineError } from '../base/error.ts'
import type { NodeId } from '../base/ids.ts'
import { limits } from '../limits.ts'
import type { Clock } from '../ports.ts'
import type { MemberStore } from './store.ts'

/** Where an address comes from; of those that never worked, an earlier kind is tried first. */
export type AddressSource = 'typed' | 'seen' | 'profile'
const order: readonly AddressSource[] = ['typed', 'seen', 'profile']

interface Known {
  readonly address: string
  readonly sources: ReadonlySet<AddressSource>
  /** Wall clock of the last success, or null. */
  readonly workedAtMs: number | null
}

const isKept = (known: Known) => known.workedAtMs !== null || known.sources.has('typed')
const rankOf = (known: Known) => order.findIndex((source) => known.sources.has(source))

/** Successes, the latest first; then typed, seen and profile addresses, each in the order of arrival. The rest is cut off. */
function bestFirst(known: readonly Known[]): Known[] {
  return [...known]
    .sort((left, right) => (right.workedAtMs ?? -1) - (left.workedAtMs ?? -1) || rankOf(left) - rankOf(right))
    .slice(0, limits.addressesPerNode)
}

export interface AddressBookHost {
  /** What is said of others is a hint for the case that they become members: bounded, and never on disk. */
  isMember(node: NodeId): boolean
  /** The addresses of a node, or their order, have changed. */
  changed(node: NodeId): void
}

export class AddressBook {
  readonly #store: MemberStore
  readonly #clock: Clock
  readonly #host: AddressBookHost
  readonly #knownByNode = new Map<NodeId, Known[]>()

  /** Reads what was kept. */
  constructor(store: MemberStore, clock: Clock, host: AddressBookHost) {
    this.#store = store
    this.#clock = clock
    this.#host = host
    for (const { node, address, typed, workedAtMs } of store.addresses()) {
      const known = { address, sources: new Set<AddressSource>(typed ? ['typed'] : []), workedAtMs }
      this.#knownByNode.set(node, bestFirst([...(this.#knownByNode.get(node) ?? []), known]))
    }
  }

  /** Addresses (host:port) to try, best first; at most limits.addressesPerNode. */
  of(node: NodeId): string[] {
    return (this.#knownByNode.get(node) ?? []).map((known) => known.address)
  }

  /** A person says that the node is there. Text that is no host:port is passed over. */
  typed(node: NodeId, address: string): void {
    this.#merge(node, [address], 'typed')
  }

  /** All that the local network or the profile says now; what the same source said before and no longer says is forgotten. */
  replace(node: NodeId, addresses: readonly string[], source: 'seen' | 'profile'): void {
    const others = (this.#knownByNode.get(node) ?? []).map((known) => ({
      ...known,
      sources: new Set([...known.sources].filter((each) => each !== source)),
    }))
    this.#merge(node, addresses, source, others)
  }

  /** The node has proved its identity at this address, which this node dialled. */
  worked(node: NodeId, address: string): void {
    this.#merge(node, [address], 'worked')
  }

  /** Forgets where members were reached that are none any more. */
  prune(): void {
    for (const [node, known] of this.#knownByNode) {
      if (this.#host.isMember(node) || !known.some(isKept)) continue
      this.#knownByNode.delete(node)
      this.#keep(node, [])
    }
  }

  #merge(
    node: NodeId,
    addresses: readonly string[],
    source: AddressSource | 'worked',
    present: readonly Known[] = this.#knownByNode.get(node) ?? [],
  ): void {
    const isMember = this.#host.isMember(node)
    if (!isMember && (source === 'worked' || source === 'typed')) return
    const byAddress = new Map(present.map((known) => [known.address, known]))
    for (const address of addresses.filter(isAddress)) {
      const old = byAddress.get(address)
      byAddress.set(address, {
        address,
        sources: source === 'worked' ? (old?.sources ?? new Set()) : new Set([...(old?.sources ?? []), source]),
        workedAtMs: source === 'worked' ? this.#clock.nowMs() : (old?.workedAtMs ?? null),
      })
    }
    const before = this.#knownByNode.get(node) ?? []
    const after = bestFirst([...byAddress.values()].filter((known) => known.sources.size > 0 || isKept(known)))
    this.#knownByNode.set(node, after)
    if (!isMember) this.#boundStrangers()
    if (textOf(before.filter(isKept)) !== textOf(after.filter(isKept))) this.#persist(node, after)
    if (before.map((known) => known.address).join() !== this.of(node).join()) this.#host.changed(node)
  }

  #boundStrangers(): void {
    if (this.#knownByNode.size <= limits.membersPerPool + limits.sightingsMax) return
    const oldest = [...this.#knownByNode.keys()].find((node) => !this.#host.isMember(node))
    if (oldest !== undefined) this.#knownByNode.delete(oldest)
  }

  #persist(node: NodeId, known: readonly Known[]): void {
    const kept = known.filter(isKept).map(({ address, sources, workedAtMs }) => ({
      address,
      typed: sources.has('typed'),
      workedAtMs,
    }))
    this.#keep(node, kept)
  }

  /** On a full disk what is known is known until the program ends, or until it changes again. */
  #keep(node: NodeId, kept: Parameters<MemberStore['setAddresses']>[1]): void {
    try {
      this.#store.transact(() => this.#store.setAddresses(node, kept))
    } catch (error) {
      if (!isEngineError(error, 'disk-full')) throw error
    }
  }
}

function textOf(known: readonly Known[]): string {
  return JSON.stringify(known.map((each) => [each.address, each.sources.has('typed'), each.workedAtMs]))
}

/** host:port, [IPv6]:port; short enough to be kept. */
function isAddress(text: string): boolean {
  if (text.length > limits.addressMaxBytes) return false
  const port = /^(?:\[[0-9a-zA-Z:.%]+\]|[^\s:[\]/]+):(\d{1,5})$/.exec(text)?.[1]
  return port !== undefined && Number(port) > 0 && Number(port) < 65_536
}
