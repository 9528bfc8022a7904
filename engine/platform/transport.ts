/**
 * The Transport port: WebSockets over TLS 1.3 in which both ends prove their key. No authority signs anything: a peer is
 * who holds the key of the certificate it shows, and its id is that key's hash. A dial that expects an id sends nothing
 * before it has seen it. Resumed sessions are refused, since they would rest on an earlier proof. Plain TLS with frames of
 * our own was rejected: as fast, but no proxy, debugger or second implementation knows it.
 */
import { constants } from 'node:crypto'
import { createServer, type Server } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { networkInterfaces } from 'node:os'
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import { type WebSocket, WebSocketServer } from 'ws'
import { EngineError, messageOf } from '../base/error.ts'
import { limits } from '../limits.ts'
import type { Clock, Listening, RemoteIdentity, Transport, Wire, WirePurpose } from '../ports.ts'
import { formatAddress, reachableAddresses } from './address.ts'
import { dial } from './dial.ts'
import { provedIdentity, socketOptions, type TransportIdentity, tuneSocket } from './handshake.ts'
import { SocketWire } from './wire.ts'

const purposes: readonly WirePurpose[] = ['control', 'data', 'pair']

/** The real network, for a node of this identity. */
export function createTransport(identity: TransportIdentity, clock: Clock): Transport {
  return {
    dial: (address, purpose, options) => dial(identity, clock, address, purpose, options),
    listen: ({ host, port = 0 }, onWire) => listen(identity, clock, host, port, onWire),
  }
}

async function listen(
  identity: TransportIdentity,
  clock: Clock,
  host: string | undefined,
  port: number,
  onWire: (wire: Wire) => void,
): Promise<Listening> {
  const server = new PeerServer(identity, clock, onWire)
  const bound = host ?? (await server.bindAll(port))
  if (host !== undefined) await server.bind(host, port)
  return {
    port: server.port,
    addresses: () => reachableAddresses(networkInterfaces(), bound, server.port),
    close: () => server.close(),
  }
}

class PeerServer {
  readonly #server: Server
  readonly #upgrades = new WebSocketServer({ ...socketOptions, noServer: true, clientTracking: false })
  readonly #clock: Clock
  readonly #onWire: (wire: Wire) => void
  /** All connections from TCP's accept on, by the other end's address. */
  readonly #connections = new Map<string, { readonly socket: Socket; readonly impatience: Disposable }>()
  readonly #wires = new Map<string, SocketWire>()
  readonly #proved = new WeakMap<Duplex, RemoteIdentity>()

  constructor(identity: TransportIdentity, clock: Clock, onWire: (wire: Wire) => void) {
    this.#clock = clock
    this.#onWire = onWire
    this.#server = createServer({
      key: identity.privateKeyPem,
      cert: identity.certificatePem,
      minVersion: 'TLSv1.3',
      requestCert: true,
      // No authority vouches for anyone; provedIdentity() looks at the key instead.
      rejectUnauthorized: false,
      secureOptions: constants.SSL_OP_NO_TICKET,
      maxHeaderSize: limits.upgradeHeadMaxBytes,
    })
    this.#server.on('connection', (socket: Socket) => this.#admit(socket))
    this.#server.on('secureConnection', (socket) => this.#prove(socket))
    this.#server.on('upgrade', (request, socket, head) => {
      const purpose = purposes.find((purpose) => request.url === `/${purpose}`)
      const remote = this.#proved.get(socket)
      if (remote === undefined || purpose === undefined) return refuse(socket, '404 Not Found')
      if (this.#wires.size >= limits.wiresAccepted) return refuse(socket, '503 Service Unavailable')
      this.#upgrades.handleUpgrade(request, socket, head, (opened) => this.#accept(opened, remote, purpose))
    })
    this.#server.on('request', (_request, response) => response.writeHead(426, { Connection: 'close' }).end())
    this.#server.on('clientError', (_error, socket) => socket.destroy())
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** All interfaces: both families where the computer has IPv6, else IPv4 alone. Gives the host that was bound. */
  async bindAll(port: number): Promise<string> {
    try {
      await this.bind('::', port)
      return '::'
    } catch (error) {
      if (!(error instanceof EngineError && error.code === 'no-such-host')) throw error
      await this.bind('0.0.0.0', port)
      return '0.0.0.0'
    }
  }

  /** Throws `port-taken`, `no-such-host`. */
  bind(host: string, port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const fail = (error: Error) => reject(listenError(error, host, port))
      this.#server.once('error', fail)
      this.#server.listen({ host, port }, () => {
        this.#server.off('error', fail)
        // Later ones are of accept(): out of files for a moment, say. Those who wait try again.
        this.#server.on('error', () => undefined)
        resolve()
      })
    })
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    for (const [address, { socket }] of this.#connections) {
      const wire = this.#wires.get(address)
      if (wire === undefined) socket.destroy()
      else wire.close('the other end stops')
    }
    using _impatience = this.#clock.timer(limits.wireCloseMs, () => {
      for (const { socket } of this.#connections.values()) socket.destroy()
    })
    await closed
  }

  #admit(socket: Socket): void {
    if (this.#connections.size - this.#wires.size >= limits.handshakesAtOnce) {
      socket.destroy()
      return
    }
    const address = addressOf(socket)
    const impatience = this.#clock.timer(limits.handshakeTimeoutMs, () => socket.destroy())
    this.#connections.set(address, { socket, impatience })
    socket.on('close', () => {
      impatience[Symbol.dispose]()
      this.#connections.delete(address)
    })
    tuneSocket(socket)
  }

  #prove(socket: TLSSocket): void {
    // Errors end in 'close'; without a listener they would end the process.
    socket.on('error', () => undefined)
    try {
      this.#proved.set(socket, provedIdentity(socket, addressOf(socket)))
    } catch (error) {
      if (!(error instanceof EngineError)) throw error
      socket.destroy()
    }
  }

  #accept(opened: WebSocket, remote: RemoteIdentity, purpose: WirePurpose): void {
    this.#connections.get(remote.address)?.impatience[Symbol.dispose]()
    const wire = new SocketWire(opened, remote, purpose, false)
    this.#wires.set(remote.address, wire)
    opened.on('close', () => this.#wires.delete(remote.address))
    this.#onWire(wire)
  }
}

/** Names a connection, and TLS on it, as long as it lives. */
function addressOf(socket: Socket): string {
  return formatAddress(socket.remoteAddress ?? 'unknown', socket.remotePort ?? 0)
}

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}

function listenError(error: Error, host: string, port: number): EngineError {
  const code = 'code' in error ? error.code : undefined
  if (code === 'EADDRINUSE' || code === 'EACCES') {
    return new EngineError('port-taken', `port ${port} of ${host} is taken or not allowed: ${messageOf(error)}`, {
      hint: 'Choose another with --peer-port, or 0 for any free one.',
      cause: error,
    })
  }
  return new EngineError('no-such-host', `cannot listen on ${host}: ${messageOf(error)}`, {
    hint: 'Give --listen an address of this computer.',
    cause: error,
  })
}
