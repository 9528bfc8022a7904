/** What the dialling and the listening half of the transport have in common. */
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { EngineError } from '../base/error.ts'
import { limits } from '../limits.ts'
import type { RemoteIdentity } from '../ports.ts'
import { nodeIdOfCertificate } from './certificate.ts'

/** The part of a node's identity that TLS needs. */
export interface TransportIdentity {
  readonly certificatePem: string
  readonly privateKeyPem: string
}

/** What both ends of every WebSocket agree on. `closeTimeout` is ws's, unknown to its types. */
export const socketOptions = {
  perMessageDeflate: false,
  maxPayload: limits.wireMessageMaxBytes,
  skipUTF8Validation: true,
  closeTimeout: limits.wireCloseMs,
} as const

/** The identity that a finished TLS handshake has proved. Throws `bad-certificate`, also for none and for a resumed session. */
export function provedIdentity(socket: TLSSocket, address: string): RemoteIdentity {
  if (socket.isSessionReused()) throw new EngineError('bad-certificate', `${address} resumed an old session`)
  const certificate = socket.getPeerX509Certificate()?.raw
  if (certificate === undefined) throw new EngineError('bad-certificate', `${address} shows no certificate`)
  return { nodeId: nodeIdOfCertificate(certificate), certificate, address }
}

/** Sends at once, and asks for life when all is quiet. */
export function tuneSocket(socket: Socket): void {
  socket.setNoDelay(true)
  socket.setKeepAlive(true, limits.keepAliveMs)
}
