/**
 * The dialling half of the transport: TCP, TLS 1.3, the check of who answers, and only then the upgrade to a WebSocket.
 */
import { connect, type TLSSocket } from 'node:tls'
import { WebSocket } from 'ws'
import { EngineError, messageOf } from '../base/error.ts'
import type { NodeId } from '../base/ids.ts'
import { limits } from '../limits.ts'
import type { Clock, Wire, WirePurpose } from '../ports.ts'
import { parseAddress } from './address.ts'
import { provedIdentity, socketOptions, type TransportIdentity, tuneSocket } from './handshake.ts'
import { SocketWire } from './wire.ts'

export interface DialOptions {
  readonly expect?: NodeId
  readonly signal?: AbortSignal
}

/** As Transport.dial; also throws `bad-address`, and `bad-certificate` for who is no node. Gives up after limits.handshakeTimeoutMs. */
export async function dial(
  identity: TransportIdentity,
  clock: Clock,
  address: string,
  purpose: WirePurpose,
  { expect, signal }: DialOptions,
): Promise<Wire> {
  const { host, port } = parseAddress(address)
  signal?.throwIfAborted()
  const socket = connect({
    host,
    port,
    key: identity.privateKeyPem,
    cert: identity.certificatePem,
    minVersion: 'TLSv1.3',
    // Names mean nothing here, and sending one would tell listeners whom we look for.
    servername: '',
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
  })
  const give = () => socket.destroy(signal?.reason instanceof Error ? signal.reason : new Error('given up'))
  signal?.addEventListener('abort', give, { once: true })
  using _timer = clock.timer(limits.handshakeTimeoutMs, () => {
    socket.destroy(new EngineError('unreachable', `${address} does not answer`, { retryable: true }))
  })
  try {
    await secured(socket)
    tuneSocket(socket)
    const remote = provedIdentity(socket, address)
    if (expect !== undefined && remote.nodeId !== expect) {
      throw new EngineError('wrong-identity', `${address} is ${remote.nodeId}, not the expected ${expect}`, {
        facts: { expected: expect, found: remote.nodeId },
      })
    }
    return new SocketWire(await upgraded(socket, purpose), remote, purpose, true)
  } catch (error) {
    socket.destroy()
    signal?.throwIfAborted()
    throw dialError(error, address)
  } finally {
    signal?.removeEventListener('abort', give)
  }
}

function secured(socket: TLSSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.on('error', reject)
    socket.once('secureConnect', resolve)
  })
}

/** The socket is open and proved; nothing of ours has gone over it yet. */
function upgraded(socket: TLSSocket, purpose: WirePurpose): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const opening = new WebSocket(`wss://peer/${purpose}`, {
      ...socketOptions,
      createConnection: () => socket,
      // TLS hides the bytes from the proxies that masks are for (RFC 6455, 10.3); a mask of zeros costs nothing.
      generateMask: (mask) => void mask.fill(0),
    })
    opening.once('open', () => {
      opening.off('error', reject)
      resolve(opening)
    })
    opening.on('error', reject)
    opening.once('unexpected-response', (_request, response) => {
      reject(
        response.statusCode === 503
          ? new EngineError('unreachable', 'the machine has no room for another connection', { retryable: true })
          : new EngineError('not-a-node', `what answers is no Hadahoop machine (HTTP ${response.statusCode})`),
      )
    })
  })
}

function dialError(error: unknown, address: string): EngineError {
  if (error instanceof EngineError) return error
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code.startsWith('ERR_SSL') || code === 'EPROTO') {
    return new EngineError('not-tls', `what answers at ${address} does not speak TLS 1.3 as Hadahoop does`, {
      cause: error,
    })
  }
  const why = error instanceof AggregateError ? error.errors.map(messageOf).join('; ') : messageOf(error)
  return new EngineError('unreachable', `${address} cannot be reached: ${why}`, { retryable: true, cause: error })
}
