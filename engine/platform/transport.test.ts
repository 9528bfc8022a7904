import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, connect as connectTcp, createServer as createTcpServer } from 'node:net'
import { connect as connectTls, createServer as createTlsServer, type TLSSocket } from 'node:tls'
import { test } from 'node:test'
import { WebSocket } from 'ws'
import { type Deferred, deferred } from '../base/async.ts'
import { isEngineError } from '../base/error.ts'
import { KiB, limits, MiB } from '../limits.ts'
import type { Listening, Transport, Wire } from '../ports.ts'
import { systemClock } from './clock.ts'
import { systemRandom } from './random.ts'
import type { TransportIdentity } from './handshake.ts'
import { type TestIdentity, testIdentities } from './testIdentities.ts'
import { createTransport } from './transport.ts'

const [one, two, three] = testIdentities.nodes
const coded = (code: string) => (error: unknown) => isEngineError(error, code)

interface TestNode extends AsyncDisposable {
  readonly identity: TestIdentity
  readonly transport: Transport
  readonly listening: Listening
  readonly address: string
  /** Wires that came in, in order. */
  nextWire(): Promise<Wire>
  wireCount(): number
}

async function testNode(identity: TestIdentity): Promise<TestNode> {
  const transport = createTransport(identity, systemClock)
  const came: Wire[] = []
  const wanted: Deferred<Wire>[] = []
  let count = 0
  const listening = await transport.listen({ host: '127.0.0.1' }, (wire) => {
    count += 1
    const waiter = wanted.shift()
    if (waiter) waiter.resolve(wire)
    else came.push(wire)
  })
  return {
    identity,
    transport,
    listening,
    address: `127.0.0.1:${listening.port}`,
    async nextWire() {
      const wire = came.shift()
      if (wire) return wire
      const waiter = deferred<Wire>()
      wanted.push(waiter)
      return waiter.promise
    },
    wireCount: () => count,
    [Symbol.asyncDispose]: () => listening.close(),
  }
}

const closed = (wire: Wire) => new Promise<string>((resolve) => wire.onClose(resolve))
const messages = (wire: Wire, count: number) =>
  new Promise<Buffer[]>((resolve) => {
    const got: Buffer[] = []
    wire.onMessage((message) => {
      got.push(message)
      if (got.length === count) resolve(got)
    })
  })

/** TLS as a node speaks it, by hand: to be a peer that misbehaves. */
async function rawTls(
  node: TestNode,
  identity: TransportIdentity | undefined,
  options: object = {},
): Promise<TLSSocket> {
  const socket = connectTls({
    host: '127.0.0.1',
    port: node.listening.port,
    rejectUnauthorized: false,
    ...(identity && { key: identity.privateKeyPem, cert: identity.certificatePem }),
    ...options,
  })
  await once(socket, 'secureConnect')
  socket.on('error', () => undefined)
  socket.resume()
  return socket
}

async function rawWebSocket(node: TestNode, identity: TransportIdentity, path = '/data'): Promise<WebSocket> {
  const socket = await rawTls(node, identity)
  const opened = new WebSocket(`wss://peer${path}`, { createConnection: () => socket, perMessageDeflate: false })
  opened.on('error', () => undefined)
  await once(opened, 'open')
  return opened
}

test('both ends prove who they are, and messages keep order and borders', async () => {
  await using left = await testNode(one)
  await using right = await testNode(two)
  const dialled = await left.transport.dial(right.address, 'control', { expect: right.identity.nodeId })
  const accepted = await right.nextWire()
  assert.equal(dialled.remote.nodeId, right.identity.nodeId)
  assert.equal(dialled.remote.address, right.address)
  assert.deepEqual(Buffer.from(dialled.remote.certificate), new X509Certificate(two.certificatePem).raw)
  assert.equal(accepted.remote.nodeId, left.identity.nodeId)
  assert.deepEqual(Buffer.from(accepted.remote.certificate), new X509Certificate(one.certificatePem).raw)
  assert.match(accepted.remote.address, /^127\.0\.0\.1:\d+$/)
  assert.deepEqual([dialled.dialled, accepted.dialled], [true, false])
  assert.deepEqual([dialled.purpose, accepted.purpose], ['control', 'control'])

  const sizes = [0, 1, 125, 126, 65_535, 65_536, limits.wireMessageMaxBytes, 3]
  const sent = sizes.map((size) => systemRandom.bytes(size))
  for (const message of sent) dialled.send(message)
  for (const message of sent) accepted.send(message)
  const [there, back] = await Promise.all([messages(accepted, sizes.length), messages(dialled, sizes.length)])
  assert.deepEqual(there, sent)
  assert.deepEqual(back, sent)
  await dialled.drained()
})

test('a message of the offered size lies where it was asked to, at either end; any other comes as always', async () => {
  await using left = await testNode(one)
  await using right = await testNode(two)
  const dialled = await left.transport.dial(right.address, 'data', {})
  const accepted = await right.nextWire()
  for (const [from, to] of [
    [dialled, accepted],
    [accepted, dialled],
  ] as const) {
    const targets = [MiB, MiB, 100 * KiB].map((sizeBytes) => Buffer.alloc(sizeBytes))
    const got: Buffer[] = []
    const done = deferred<void>()
    to.onMessage((message) => {
      got.push(message)
      if (got.length === 6) done.resolve()
      // Offered for what follows the small messages; the second offer does not fit.
      const target = targets[got.length >> 1]
      if (got.length % 2 === 1 && target !== undefined) to.nextInto?.(target)
    })
    const sent = [1, MiB, 1, MiB - 1, 1, 100 * KiB].map((sizeBytes) => systemRandom.bytes(sizeBytes))
    for (const message of sent) from.send(message)
    await done.promise
    assert.deepEqual(got, sent)
    assert.deepEqual(
      [1, 3, 5].map((index) => targets.some((target) => target === got[index])),
      [true, false, true],
    )
  }
})

test('shared memory travels, and is free once drained', async () => {
  await using left = await testNode(one)
  await using right = await testNode(two)
  const wire = await left.transport.dial(right.address, 'data', {})
  const count = 200
  wire.onMessage(() => undefined)
  const got = messages(await right.nextWire(), count)
  // Two slots in turn, as an arena has: a slot is filled anew when the message in it has drained.
  const slots = [0, 1].map((slot) => new Uint8Array(new SharedArrayBuffer(2 * MiB), slot * MiB, 256 * KiB))
  for (let number = 0; number < count; number++) {
    const slot = slots[number % 2]!
    slot.fill(number)
    wire.send(slot)
    await wire.drained()
  }
  for (const [number, message] of (await got).entries()) {
    assert(message.equals(Buffer.alloc(256 * KiB, number)), `message ${number}`)
  }
})

test('a node that is not the expected one is left before anything is said', async () => {
  await using left = await testNode(one)
  await using right = await testNode(two)
  await using third = await testNode(three)
  const heard = deferred<number>()
  const impostor = createTlsServer(
    {
      key: third.identity.privateKeyPem,
      cert: third.identity.certificatePem,
      requestCert: true,
      rejectUnauthorized: false,
    },
    (socket) => {
      let bytes = 0
      socket.on('error', () => undefined)
      socket.on('data', (data) => {
        bytes += data.length
      })
      socket.on('close', () => heard.resolve(bytes))
    },
  )
  // The dialler may be gone before its half of the handshake has arrived.
  impostor.on('tlsClientError', () => heard.resolve(0))
  impostor.listen(0, '127.0.0.1')
  await once(impostor, 'listening')
  const address = `127.0.0.1:${(impostor.address() as AddressInfo).port}`
  await assert.rejects(
    left.transport.dial(address, 'data', { expect: right.identity.nodeId }),
    (error) => isEngineError(error, 'wrong-identity') && error.facts?.['found'] === third.identity.nodeId,
  )
  assert.equal(await heard.promise, 0)
  impostor.close()
})

test('a certificate without its key proves nothing', async () => {
  await using left = await testNode(one)
  await using right = await testNode(two)
  // Shows left's certificate over a key of its own: TLS itself must refuse.
  await assert.rejects(
    rawTls(right, { ...right.identity, certificatePem: left.identity.certificatePem }),
    /key values mismatch/,
  )
})

test('who shows no certificate, or one that is no node’s, gets no wire', async () => {
  await using node = await testNode(one)
  const anonymous = await rawTls(node, undefined)
  anonymous.write('GET /data HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n')
  await once(anonymous, 'close')
  const stranger = await rawTls(node, undefined, {
    key: testIdentities.ed25519.privateKeyPem,
    cert: testIdentities.ed25519.certificatePem,
  })
  await once(stranger, 'close')
  assert.equal(node.wireCount(), 0)
})

test('TLS 1.2 is refused', async () => {
  await using node = await testNode(one)
  await assert.rejects(rawTls(node, node.identity, { maxVersion: 'TLSv1.2' }), /ERR_SSL|alert/)
  const old = createTlsServer({
    key: node.identity.privateKeyPem,
    cert: node.identity.certificatePem,
    maxVersion: 'TLSv1.2',
  })
  old.on('tlsClientError', () => undefined)
  old.listen(0, '127.0.0.1')
  await once(old, 'listening')
  const address = `127.0.0.1:${(old.address() as AddressInfo).port}`
  await assert.rejects(node.transport.dial(address, 'data', {}), coded('not-tls'))
  old.close()
})

test('a session is never resumed, since the proof would be an old one', async () => {
  await using node = await testNode(one)
  const tickets: Buffer[] = []
  const first = connectTls({
    host: '127.0.0.1',
    port: node.listening.port,
    rejectUnauthorized: false,
    key: node.identity.privateKeyPem,
    cert: node.identity.certificatePem,
  })
  first.on('session', (session) => tickets.push(session))
  first.on('error', () => undefined)
  await once(first, 'secureConnect')
  first.write('GET /nothing HTTP/1.1\r\nHost: peer\r\n\r\n')
  first.resume()
  await once(first, 'close')
  assert(tickets.length > 0, 'the runtime hands tickets out; they must be worth nothing')
  for (const session of tickets) {
    const again = await rawTls(node, undefined, { session })
    assert.equal(again.isSessionReused(), false)
    await once(again, 'close')
  }
  assert.equal(node.wireCount(), 0)
})

test('text, an oversized message, and a purpose that nobody knows are refused', async () => {
  await using node = await testNode(one)
  const talker = await rawWebSocket(node, node.identity)
  const talked = closed(await node.nextWire().then((wire) => (wire.onMessage(() => assert.fail()), wire)))
  talker.send('hello')
  assert.match(await talked, /text/)
  assert.equal((await once(talker, 'close'))[0], 1003)

  const shouter = await rawWebSocket(node, node.identity)
  const shouted = closed(await node.nextWire().then((wire) => (wire.onMessage(() => assert.fail()), wire)))
  shouter.send(Buffer.alloc(limits.wireMessageMaxBytes + 1))
  assert.match(await shouted, /Max payload/)
  assert.equal((await once(shouter, 'close'))[0], 1009)

  for (const path of ['/', '/admin', '/control/', '/control?x', '/CONTROL']) {
    await assert.rejects(rawWebSocket(node, node.identity, path), /404/, path)
  }
  assert.equal(node.wireCount(), 2)
})

test('frames of garbage close the wire', async () => {
  await using node = await testNode(one)
  for (const garbage of [
    Buffer.alloc(64, 0xff),
    Buffer.from('824141414141', 'hex'),
    Buffer.from('c28100000000', 'hex'),
  ]) {
    const socket = await rawTls(node, node.identity)
    const opened = new WebSocket('wss://peer/data', { createConnection: () => socket, perMessageDeflate: false })
    opened.on('error', () => undefined)
    await once(opened, 'open')
    const wire = await node.nextWire()
    wire.onMessage(() => assert.fail())
    const reason = closed(wire)
    socket.write(garbage)
    assert.match(await reason, /Invalid WebSocket frame|lost|payload/i)
    opened.terminate()
  }
})

test('plain TCP and plain HTTP are not-tls; nobody there is unreachable', async () => {
  await using node = await testNode(one)
  const echo = createTcpServer((socket) =>
    socket
      .on('error', () => undefined)
      .resume()
      .end('SSH-2.0-OpenSSH\r\n'),
  )
  echo.listen(0, '127.0.0.1')
  await once(echo, 'listening')
  const port = (echo.address() as AddressInfo).port
  await assert.rejects(node.transport.dial(`127.0.0.1:${port}`, 'data', {}), coded('not-tls'))
  echo.close()
  await once(echo, 'close')
  await assert.rejects(node.transport.dial(`127.0.0.1:${port}`, 'data', {}), coded('unreachable'))
  await assert.rejects(node.transport.dial('no-such-host.invalid:1', 'data', {}), coded('unreachable'))
  await assert.rejects(node.transport.dial('nonsense', 'data', {}), coded('bad-address'))
})

test('a silent port ends in unreachable after the handshake time, and an abort ends it at once', async (context) => {
  await using node = await testNode(one)
  const silent = createTcpServer(() => undefined)
  silent.listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const address = `127.0.0.1:${(silent.address() as AddressInfo).port}`

  const stop = new AbortController()
  const reason = new Error('enough')
  const dialled = node.transport.dial(address, 'data', { signal: stop.signal })
  await once(silent, 'connection')
  stop.abort(reason)
  await assert.rejects(dialled, reason)
  await assert.rejects(node.transport.dial(address, 'data', { signal: stop.signal }), reason)

  context.mock.timers.enable({ apis: ['setTimeout'] })
  const connection = once(silent, 'connection')
  const late = assert.rejects(node.transport.dial(address, 'data', {}), coded('unreachable'))
  await connection
  context.mock.timers.tick(limits.handshakeTimeoutMs)
  await late
  silent.close()
})

test('who connects and says nothing is dropped, before TLS and after it', async (context) => {
  await using node = await testNode(one)
  context.mock.timers.enable({ apis: ['setTimeout'] })
  const mute = connectTcp(node.listening.port, '127.0.0.1').on('error', () => undefined)
  mute.resume()
  const proved = await rawTls(node, two)
  const near = await node.transport.dial(node.address, 'data', {})
  const wire = await node.nextWire()
  const gone = Promise.all([once(mute, 'close'), once(proved, 'close')])
  context.mock.timers.tick(limits.handshakeTimeoutMs)
  await gone
  // Who has finished stays.
  const got = messages(wire, 1)
  near.send(Buffer.from('still here'))
  await got
  near.close('seen')
})

test('too many who connect and say nothing are turned away', async () => {
  await using node = await testNode(one)
  const idle = await Promise.all(
    Array.from({ length: limits.handshakesAtOnce }, async () => {
      const socket = connectTcp(node.listening.port, '127.0.0.1')
      socket.on('error', () => undefined)
      await once(socket, 'connect')
      return socket
    }),
  )
  const extra = connectTcp(node.listening.port, '127.0.0.1').on('error', () => undefined)
  extra.resume()
  await once(extra, 'close')
  await assert.rejects(node.transport.dial(node.address, 'data', {}), coded('unreachable'))
  for (const socket of idle) socket.destroy()
})

test('the reason of a close reaches both ends once, after all that was sent', async () => {
  await using left = await testNode(one)
  await using right = await testNode(two)
  const near = await left.transport.dial(right.address, 'pair', {})
  const far = await right.nextWire()
  const reasons: string[] = []
  near.onClose((reason) => reasons.push(reason))
  const farClosed = closed(far)
  const got = messages(far, 3)
  for (const size of [MiB, MiB, 5]) near.send(Buffer.alloc(size))
  near.close('duplicate: ' + 'ü'.repeat(100))
  near.close('again')
  near.send(Buffer.from('too late'))
  assert.deepEqual(
    (await got).map((message) => message.length),
    [MiB, MiB, 5],
  )
  assert.match(await farClosed, /^duplicate: ü+$/)
  assert.deepEqual(reasons, ['duplicate: ' + 'ü'.repeat(100)])
  await assert.rejects(near.drained(), coded('wire-closed'))
  // Told also to who asks later.
  assert.match(await closedLater(left, right), /later/)
})

async function closedLater(left: TestNode, right: TestNode): Promise<string> {
  const near = await left.transport.dial(right.address, 'pair', {})
  near.close('later')
  return closed(near)
}

test('messages and closes that come before anyone listens are kept', async () => {
  await using left = await testNode(one)
  await using right = await testNode(two)
  const near = await left.transport.dial(right.address, 'control', {})
  near.onMessage(() => undefined)
  const far = await right.nextWire()
  for (let number = 0; number < 10; number++) near.send(Buffer.of(number))
  await near.drained()
  assert.deepEqual(
    (await messages(far, 10)).map((message) => message[0]),
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  )
})

test('nothing is read from a wire that nobody listens to: the sender is held back', async () => {
  await using left = await testNode(one)
  await using right = await testNode(two)
  const near = await left.transport.dial(right.address, 'data', {})
  near.onMessage(() => undefined)
  const far = await right.nextWire()
  const frame = Buffer.alloc(MiB)
  for (let count = 0; count < 64; count++) near.send(frame)
  let drained = false
  const draining = near.drained().then(() => {
    drained = true
  })
  // As much again over another wire: by then the first would be empty if anyone read it.
  const other = await left.transport.dial(right.address, 'data', {})
  other.onMessage(() => undefined)
  const passed = messages(await right.nextWire(), 64)
  for (let count = 0; count < 64; count++) other.send(frame)
  await passed
  assert.equal(drained, false)
  assert(near.bufferedBytes > 32 * MiB)
  await messages(far, 64)
  await draining
})

test('a stopping listener closes its wires and frees its port', async () => {
  await using left = await testNode(one)
  const right = await testNode(two)
  const near = await left.transport.dial(right.address, 'data', {})
  const idle = connectTcp(right.listening.port, '127.0.0.1').on('error', () => undefined)
  idle.resume()
  await once(idle, 'connect')
  const reason = closed(near)
  near.onMessage(() => undefined)
  await right.listening.close()
  assert.match(await reason, /stops/)
  const again = await left.transport.listen({ host: '127.0.0.1', port: right.listening.port }, () => undefined)
  await again.close()
})

test('listening: all interfaces by default, a taken port and a foreign host have codes', async () => {
  await using node = await testNode(one)
  const everywhere = await node.transport.listen({}, () => undefined)
  assert(everywhere.addresses().length > 0)
  const wire = await node.transport.dial(`127.0.0.1:${everywhere.port}`, 'data', {
    expect: node.identity.nodeId,
  })
  wire.close('seen')
  await everywhere.close()
  assert.deepEqual(node.listening.addresses(), [node.address])
  await assert.rejects(
    node.transport.listen({ host: '127.0.0.1', port: node.listening.port }, () => undefined),
    coded('port-taken'),
  )
  await assert.rejects(
    node.transport.listen({ host: '203.0.113.7' }, () => undefined),
    coded('no-such-host'),
  )
})
