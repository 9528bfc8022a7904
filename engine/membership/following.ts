/**
 * What membership does with the network: keeps every member wanted and nobody else, exchanges rows with whoever connects,
 * sees off those that were removed once they have been told, and notices when it is this node's turn to make an epoch.
 * Without a network all of it does nothing.
 */
import { deferred } from '../base/async.ts'
import type { NodeId } from '../base/ids.ts'
import { limits } from '../limits.ts'
import type { PeerNetwork } from '../net/index.ts'
import type { Clock, Wire } from '../ports.ts'
import type { AddressBook } from './addresses.ts'
import { shouldRotate } from './epochs.ts'
import { type Delivery, Exchange, type ExchangeHost } from './exchange.ts'
import type { MemberRow } from './memberRow.ts'

export interface FollowingHost extends ExchangeHost {
  /** Makes an epoch if it is still this node's turn. */
  makeEpoch(): Promise<void>
  /** Takes a wire from a node that wants to join. */
  answer(wire: Wire): void
}

export class Following {
  readonly #self: NodeId
  readonly #clock: Clock
  readonly #addresses: AddressBook
  readonly #host: FollowingHost
  readonly #wanted = new Set<NodeId>()
  readonly #leaving = new Set<NodeId>()
  #network: PeerNetwork | undefined
  #exchange: Exchange | undefined
  #makingEpoch = false

  constructor(self: NodeId, clock: Clock, addresses: AddressBook, host: FollowingHost) {
    this.#self = self
    this.#clock = clock
    this.#addresses = addresses
    this.#host = host
  }

  attach(network: PeerNetwork): Disposable {
    const exchange = new Exchange(this.#host, this.#clock, network)
    this.#network = network
    this.#exchange = exchange
    const stack = new DisposableStack()
    stack.defer(() => {
      exchange.close()
      this.#network = undefined
      this.#exchange = undefined
      this.#wanted.clear()
    })
    stack.use(
      network.on({
        connected: (peer) => {
          exchange.connected(peer)
          this.#addresses.worked(peer.nodeId, peer.address)
        },
        disconnected: (nodeId) => {
          exchange.disconnected(nodeId)
          this.#considerEpoch()
        },
      }),
    )
    // A crash may have come between a removal and its epoch; by then whoever is there is connected.
    stack.use(this.#clock.timer(limits.offlineAfterMs, () => this.#considerEpoch()))
    network.onPairingWire((wire) => this.#host.answer(wire))
    this.follow()
    return stack
  }

  /** The members, or their addresses, may have changed. */
  follow(): void {
    const network = this.#network
    if (network === undefined) return
    const set = this.#host.rows()?.judged
    const isMember = set?.byNode.has(this.#self) === true
    const members = new Set(
      isMember
        ? set.members.filter((each) => each.role !== 'cloud' && each.nodeId !== this.#self).map((each) => each.nodeId)
        : [],
    )
    for (const node of members) {
      this.#wanted.add(node)
      network.want(node, this.#addresses.of(node))
    }
    for (const node of [...this.#wanted, ...network.peers().map((peer) => peer.nodeId)]) {
      if (!members.has(node)) this.#seeOff(network, node)
    }
    this.#considerEpoch()
  }

  /** Hands rows on; see Exchange.push. */
  push(rows: readonly MemberRow[], except?: NodeId): Delivery {
    return this.#exchange?.push(rows, except) ?? { arrivals: [] }
  }

  askForSecrets(): void {
    this.#exchange?.askForSecrets()
  }

  async synced(node: NodeId): Promise<boolean> {
    return (await this.#exchange?.synced(node)) ?? false
  }

  /** Connected nodes. */
  live(): Set<NodeId> {
    return new Set(this.#network?.peers().map((peer) => peer.nodeId))
  }

  /** True if the node refused this one as removed when they last met. */
  saysRemoved(node: NodeId): boolean {
    const problem = this.#network?.lastProblem(node)
    return problem?.code === 'removed' && problem.refusedBy === 'peer'
  }

  /** Resolves once the rows have arrived at one peer, or will at none, at the latest after limits.memberRowsArriveMs. */
  async oneArrived({ arrivals }: Delivery): Promise<void> {
    if (arrivals.length === 0) return
    const done = deferred<void>()
    using _timer = this.#clock.timer(limits.memberRowsArriveMs, () => done.resolve())
    let open = arrivals.length
    for (const arrival of arrivals) {
      arrival.then(
        (arrived) => {
          open -= 1
          if (arrived || open === 0) done.resolve()
        },
        (error: unknown) => done.reject(error),
      )
    }
    await done.promise
  }

  /** Lets a connected node hear why before the connection ends. */
  #seeOff(network: PeerNetwork, node: NodeId): void {
    if (this.#leaving.has(node)) return
    this.#leaving.add(node)
    const end = () => {
      this.#leaving.delete(node)
      if (this.#host.rows()?.judged.byNode.has(node) === true && this.#isMember()) return
      this.#wanted.delete(node)
      network.unwant(node, 'removed')
    }
    const exchange = this.#exchange
    if (exchange === undefined || network.peer(node) === undefined) end()
    else this.oneArrived({ arrivals: [exchange.flushed(node)] }).then(end, (error: unknown) => this.#host.fault(error))
  }

  #isMember(): boolean {
    return this.#host.rows()?.judged.byNode.has(this.#self) === true
  }

  #considerEpoch(): void {
    const set = this.#host.rows()?.judged
    if (this.#makingEpoch || this.#network === undefined || set === undefined) return
    if (!shouldRotate(set, this.#self, this.live())) return
    this.#makingEpoch = true
    this.#host
      .makeEpoch()
      .catch((error: unknown) => this.#host.fault(error))
      .finally(() => {
        this.#makingEpoch = false
      })
  }
}
