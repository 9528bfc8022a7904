/** The peer network: connections between members, typed requests, payloads under credit, heartbeats. */
import { Network } from './network.ts'
import type { PeerNetwork, PeerNetworkOptions } from './types.ts'

export { PROTOCOL_VERSION } from './hello.ts'
export { defineMessage } from './message.ts'
export { peerOf } from './peerOf.ts'
export type {
  Answer,
  Gatekeeper,
  Handler,
  Incoming,
  Message,
  Peer,
  PeerNetwork,
  PeerNetworkEvents,
  PeerNetworkOptions,
  Problem,
  Pulse,
  RequestOptions,
} from './types.ts'

/** A network that neither listens nor dials until it is started. */
export function createPeerNetwork(options: PeerNetworkOptions): PeerNetwork {
  return new Network(options)
}
