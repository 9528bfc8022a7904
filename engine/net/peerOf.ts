import { EngineError } from '../base/error.ts'
import type { NodeId } from '../base/ids.ts'
import type { Peer, PeerNetwork } from './types.ts'

/** The connected peer; throws `peer-gone` if it is not connected. */
export function peerOf(network: PeerNetwork, nodeId: NodeId): Peer {
  const peer = network.peer(nodeId)
  if (peer === undefined) throw new EngineError('peer-gone', `${nodeId} is not connected`, { retryable: true })
  return peer
}
