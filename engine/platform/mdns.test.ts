import assert from 'node:assert/strict'
import { type ChildProcessWithoutNullStreams, execFileSync, spawn, spawnSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import type { NetworkInterfaceInfo } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import type { NodeId } from '../base/ids.ts'
import { limits } from '../limits.ts'
import type { Announcement, Clock, Discovery, Sighting } from '../ports.ts'
import { instanceName, sightingOf, txtOf } from './announcement.ts'
import { systemClock } from './clock.ts'
import { stationsOf, watchInterfaces } from './interfaces.ts'
import { createDiscovery, type DiscoveryOptions } from './mdns.ts'
import { testFolder } from './testFolder.ts'

const announcement = (digit: string, more: Partial<Announcement> = {}): Announcement => ({
  nodeId: digit.repeat(32) as NodeId,
  name: `Büro ${digit}`,
  poolHint: '0123456789abcdef',
  protocol: 1,
  port: 47_100,
  addressEpoch: 3,
  ...more,
})

// ------------------------------------------------------------------------------------------ what is said

test('what is announced is what is read', () => {
  fc.assert(
    fc.property(
      fc.record({
        name: fc.string({ unit: 'binary', maxLength: 40 }),
        poolHint: fc.option(fc.constant('00112233aabbccdd')),
        protocol: fc.integer({ min: 1, max: 9 }),
        port: fc.integer({ min: 1, max: 65_535 }),
        addressEpoch: fc.integer({ min: 0, max: 2 ** 40 }),
      }),
      (fields) => {
        const said = { nodeId: 'a'.repeat(32) as NodeId, ...fields }
        const txt = txtOf(said)
        for (const [key, value] of Object.entries(txt)) {
          assert(Buffer.byteLength(`${key}=${value}`) <= 255)
          assert(!value.includes('\n') && value !== '')
        }
        assert(Buffer.byteLength(instanceName(said)) <= 63)
        const heard = sightingOf({ name: 'x', txt, addresses: ['10.0.0.9'] }, new Set())
        assert(heard)
        const { addresses, ...rest } = heard
        assert.deepEqual(rest, { ...said, name: txt['name'] ?? '' })
        assert.deepEqual(addresses, [`10.0.0.9:${fields.port}`])
      },
    ),
  )
})

test('the sender comes first, own and link-local addresses and nonsense are left out', () => {
  const txt = txtOf(announcement('a'))
  const addresses = ['172.17.0.1', '10.0.0.9', 'fe80::1', 'fd00::9', 'not an address', '10.0.0.7']
  const heard = sightingOf({ name: 'x', txt, addresses, referer: { address: '10.0.0.7' } }, new Set(['172.17.0.1']))
  assert.deepEqual(heard?.addresses, ['10.0.0.7:47100', '10.0.0.9:47100', '[fd00::9]:47100'])
  const many = Array.from({ length: 100 }, (_, index) => `10.0.1.${index}`)
  assert.equal(sightingOf({ name: 'x', txt, addresses: many }, new Set())?.addresses.length, limits.addressesPerNode)
})

test('nonsense is no sighting', () => {
  const txt = txtOf(announcement('a'))
  const spoilt = [
    undefined,
    null,
    'text',
    {},
    { ...txt, id: 'x' },
    { ...txt, id: 'A'.repeat(32) },
    { ...txt, v: '0' },
    { ...txt, v: '-1' },
    { ...txt, port: '0' },
    { ...txt, port: '65536' },
    { ...txt, port: '1e3' },
    { ...txt, epoch: '' },
    { ...txt, pool: 'zz' },
  ]
  for (const each of spoilt)
    assert.equal(sightingOf({ name: 'x', txt: each }, new Set()), undefined, JSON.stringify(each))
  assert(sightingOf({ name: 'x', txt: { ...txt, future: 'field' } }, new Set()))
})

// ------------------------------------------------------------------------------------------ interfaces

const info = (address: string, internal = false) =>
  ({ address, internal, family: address.includes(':') ? 'IPv6' : 'IPv4' }) as NetworkInterfaceInfo
const interfaces = {
  lo: [info('127.0.0.1', true), info('::1', true)],
  eth0: [info('192.168.1.5'), info('192.168.1.6'), info('fd00::5')],
  wlan0: [info('192.168.2.5')],
}

test('one station per interface; loopback when asked for or alone', () => {
  const addresses = (host?: string, from: Parameters<typeof stationsOf>[1] = interfaces) =>
    stationsOf(host, from).map(({ address }) => address)
  assert.deepEqual(addresses(), ['192.168.1.5', '192.168.2.5'])
  assert.deepEqual(addresses('0.0.0.0'), ['192.168.1.5', '192.168.2.5'])
  assert.deepEqual(addresses('192.168.1.6'), ['192.168.1.6'])
  assert.deepEqual(addresses('127.0.0.1'), ['127.0.0.1'])
  assert.deepEqual(addresses(undefined, { lo: interfaces.lo }), ['127.0.0.1'])
  assert.deepEqual(addresses(undefined, {}), [])
})

/** Time that passes when told. */
function manualClock(): Clock & { advance(delayMs: number): void } {
  let now = 0
  let timers: { atMs: number; fire: () => void }[] = []
  return {
    ...systemClock,
    monotonicMs: () => now,
    timer(delayMs, fire) {
      const timer = { atMs: now + delayMs, fire }
      timers.push(timer)
      return { [Symbol.dispose]: () => (timers = timers.filter((other) => other !== timer)) }
    },
    advance(delayMs) {
      now += delayMs
      for (const due of timers.filter(({ atMs }) => atMs <= now)) {
        timers = timers.filter((other) => other !== due)
        due.fire()
      }
    },
  }
}

test('a change of interfaces is noticed once', () => {
  const clock = manualClock()
  let present: Record<string, NetworkInterfaceInfo[]> = { ...interfaces }
  let changes = 0
  using _watch = watchInterfaces(
    clock,
    () => changes++,
    () => present,
  )
  clock.advance(limits.interfacePollMs)
  assert.equal(changes, 0)
  present = { lo: interfaces.lo }
  clock.advance(limits.interfacePollMs)
  clock.advance(limits.interfacePollMs)
  assert.equal(changes, 1)
})

// ------------------------------------------------------------------------------------------ on this computer's loopback

interface Watcher extends AsyncDisposable {
  readonly discovery: Discovery
  readonly sightings: Sighting[]
  readonly goneIds: string[]
  /** Resolves when `enough` holds, checked at every event. */
  until(enough: (watcher: Watcher) => boolean): Promise<void>
}

/** Multicast groups are the computer's: other runs of this test must not meddle, nor sockets that took any free port. */
const port = 20_000 + (process.pid % 12_000)

async function watcher(said: Announcement, clock: Clock, options: DiscoveryOptions = {}): Promise<Watcher> {
  let check = () => {}
  const discovery = createDiscovery(clock, { host: '127.0.0.1', port, ...options })
  const self: Watcher = {
    discovery,
    sightings: [],
    goneIds: [],
    until: (enough) =>
      new Promise((resolve) => {
        check = () => {
          if (enough(self)) resolve()
        }
        check()
      }),
    [Symbol.asyncDispose]: () => discovery.stop(),
  }
  const tell = () => check()
  await discovery.start(
    said,
    (sighting) => {
      self.sightings.push(sighting)
      tell()
    },
    (nodeId) => {
      self.goneIds.push(nodeId)
      tell()
    },
  )
  return self
}

const timeout = 30_000

test('two nodes see each other, not themselves, and changes, and goodbyes', { timeout }, async () => {
  const [a, b] = [announcement('a'), announcement('b', { name: '', poolHint: null, port: 47_200 })]
  await using left = await watcher(a, systemClock)
  const right = await watcher(b, systemClock)
  await Promise.all([left.until((w) => w.sightings.length > 0), right.until((w) => w.sightings.length > 0)])
  assert.deepEqual(left.sightings[0], { ...b, addresses: ['127.0.0.1:47200'] })
  assert.deepEqual(right.sightings[0], { ...a, addresses: ['127.0.0.1:47100'] })

  right.discovery.update({ ...b, name: 'Dachboden', addressEpoch: 4 })
  await left.until((w) => w.sightings.at(-1)?.addressEpoch === 4)
  assert.equal(left.sightings.at(-1)?.name, 'Dachboden')
  assert.deepEqual(left.goneIds, [], 'an update is no goodbye')

  await right.discovery.stop()
  await left.until((w) => w.goneIds.length > 0)
  assert.deepEqual(left.goneIds, [b.nodeId])
  assert(left.sightings.every(({ nodeId }) => nodeId === b.nodeId))
  assert.deepEqual(left.discovery.problems(), [])
})

test('who falls silent without a goodbye is gone after a while, not before', { timeout }, async () => {
  const clock = manualClock()
  await using left = await watcher(announcement('a'), clock)
  let present = [{ name: 'lo', address: '127.0.0.1' }]
  await using right = await watcher(announcement('c'), systemClock, { stations: () => present })
  await left.until((w) => w.sightings.length > 0)
  // Still there: asked again, it answers again.
  const heard = left.sightings.length
  clock.advance(limits.discoveryQueryMs)
  await left.until((w) => w.sightings.length > heard)
  present = []
  right.discovery.refresh()
  clock.advance(limits.discoveryQueryMs)
  clock.advance(limits.discoveryQueryMs)
  assert.deepEqual(left.goneIds, [])
  clock.advance(limits.discoveryExpiryMs)
  assert.deepEqual(left.goneIds, ['c'.repeat(32)])
  assert.deepEqual(right.discovery.problems(), ['This computer has no network interface to announce itself on.'])
})

test('a port that another program keeps is a problem in words, until it is free', { timeout }, async () => {
  const clock = manualClock()
  const keeper = createSocket({ type: 'udp4', reuseAddr: false })
  keeper.bind(port + 1, '0.0.0.0')
  await once(keeper, 'listening')
  await using left = await watcher(announcement('d'), clock, { port: port + 1 })
  while (left.discovery.problems().length === 0) await systemClock.soon()
  assert.match(left.discovery.problems()[0] ?? '', /holds UDP port/)
  keeper.close()
  await once(keeper, 'close')
  await using right = await watcher(announcement('e'), systemClock, { port: port + 1 })
  for (let round = 0; round < 6; round++) clock.advance(limits.discoveryQueryMs)
  await Promise.all([left.until((w) => w.sightings.length > 0), right.until((w) => w.sightings.length > 0)])
  while (left.discovery.problems().length > 0) await systemClock.soon()
})

test('who does not hear itself has no multicast, and says so', { timeout }, async () => {
  const clock = manualClock()
  // An address of no interface: joining the group and sending both fail.
  const stations = () => [{ name: 'ghost0', address: '203.0.113.9' }]
  await using left = await watcher(announcement('f'), clock, { port: port + 2, stations })
  assert.deepEqual(left.discovery.problems(), [])
  await systemClock.soon()
  clock.advance(limits.discoveryCheckMs)
  assert.match(left.discovery.problems()[0] ?? '', /Multicast .*ghost0/)
})

// ------------------------------------------------------------------------------------------ between network namespaces

const names = [`hh${process.pid}-1`, `hh${process.pid}-2`]

function cannotUseNamespaces(): string | false {
  if (process.platform !== 'linux') return 'network namespaces are Linux'
  if (process.getuid?.() !== 0) return 'network namespaces need root'
  const tried = spawnSync('ip', ['netns', 'add', names[0] ?? ''])
  if (tried.error !== undefined) return 'there is no ip command'
  if (tried.status !== 0) return `ip netns: ${tried.stderr.toString()}`
  execFileSync('ip', ['netns', 'del', names[0] ?? ''])
  return false
}

/** Two hosts on one cable. */
function cabledHosts(): Disposable {
  const ip = (...words: string[]) => execFileSync('ip', words)
  const unplug = () => {
    for (const name of names) spawnSync('ip', ['netns', 'del', name])
  }
  unplug()
  try {
    for (const name of names) ip('netns', 'add', name)
    const [first = '', second = ''] = names
    ip('link', 'add', 'cable1', 'netns', first, 'type', 'veth', 'peer', 'name', 'cable2', 'netns', second)
    for (const [index, name] of names.entries()) {
      const device = `cable${index + 1}`
      ip('-n', name, 'address', 'add', `10.77.0.${index + 1}/24`, 'dev', device)
      ip('-n', name, 'link', 'set', device, 'up')
      ip('-n', name, 'link', 'set', 'lo', 'up')
      ip('-n', name, 'route', 'add', '224.0.0.0/4', 'dev', device)
    }
  } catch (error) {
    unplug()
    throw error
  }
  return { [Symbol.dispose]: unplug }
}

function peerIn(namespace: string, nodeId: string, name: string): ChildProcessWithoutNullStreams {
  const program = new URL('./testMdns.ts', import.meta.url).pathname
  const peer = spawn('ip', ['netns', 'exec', namespace, process.execPath, program, nodeId, name])
  peer.stderr.on('data', (text) => process.stderr.write(text))
  return peer
}

/** Resolves with the first printed line that fits. */
function said(
  peer: ChildProcessWithoutNullStreams,
  fits: (line: { seen?: Sighting; gone?: string }) => boolean,
): Promise<unknown> {
  let text = ''
  return new Promise((resolve) => {
    peer.stdout.on('data', (more) => {
      text += more
      const line = text
        .split('\n')
        .slice(0, -1)
        .map((each) => JSON.parse(each))
        .find(fits)
      if (line !== undefined) resolve(line)
    })
  })
}

test('two hosts find each other by mDNS alone, and hear goodbyes', {
  timeout: 60_000,
  skip: cannotUseNamespaces(),
}, async () => {
  using _hosts = cabledHosts()
  const ids = ['1'.repeat(32), '2'.repeat(32)] as const
  const left = peerIn(names[0] ?? '', ids[0], 'Küche')
  const right = peerIn(names[1] ?? '', ids[1], 'Büro')
  try {
    const [seenLeft, seenRight] = (await Promise.all([
      said(left, ({ seen }) => seen?.nodeId === ids[1]),
      said(right, ({ seen }) => seen?.nodeId === ids[0]),
    ])) as { seen: Sighting }[]
    assert.deepEqual(seenLeft?.seen.addresses[0], '10.77.0.2:47100')
    assert.equal(seenLeft?.seen.name, 'Büro')
    assert.deepEqual(seenRight?.seen.addresses[0], '10.77.0.1:47100')
    const gone = said(left, (line) => line.gone === ids[1])
    right.stdin.end()
    await gone
  } finally {
    left.kill('SIGKILL')
    right.kill('SIGKILL')
  }
})

function cannotUseAvahi(): string | false {
  for (const program of ['avahi-daemon', 'avahi-browse', 'dbus-daemon']) {
    if (spawnSync(program, ['--version']).error !== undefined) return `${program} is not installed`
  }
  return cannotUseNamespaces()
}

test('avahi-browse sees the service, resolved', { timeout: 60_000, skip: cannotUseAvahi() }, async () => {
  using _hosts = cabledHosts()
  using folder = testFolder()
  using avahi = avahiIn(names[1] ?? '', folder.path)
  await avahi.ready
  const peer = peerIn(names[0] ?? '', '3'.repeat(32), 'Keller')
  try {
    const browse = avahi.run('avahi-browse', ['--parsable', '--resolve', '_hadahoop._tcp'])
    let text = ''
    const line = await new Promise<string>((resolve) => {
      browse.stdout.on('data', (more) => {
        text += more
        const resolved = text
          .split('\n')
          .slice(0, -1)
          .find((each) => each.startsWith('='))
        if (resolved !== undefined) resolve(resolved)
      })
    })
    browse.kill()
    const fields = line.split(';')
    assert.match(fields[3] ?? '', /^Keller/)
    assert.equal(fields[4], '_hadahoop._tcp')
    assert.equal(fields[6], `hadahoop-${'3'.repeat(32)}.local`)
    assert.equal(fields[7], '10.77.0.1')
    assert.equal(fields[8], '47100')
    assert.match(fields[9] ?? '', new RegExp(`"id=${'3'.repeat(32)}"`))
  } finally {
    peer.kill('SIGKILL')
  }
})

/** An avahi-daemon with a bus of its own inside a network namespace. */
function avahiIn(
  namespace: string,
  folder: string,
): Disposable & { ready: Promise<unknown>; run: (program: string, words: string[]) => ChildProcessWithoutNullStreams } {
  const bus = join(folder, 'bus')
  const config = join(folder, 'bus.conf')
  writeFileSync(
    config,
    `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
    <busconfig><type>system</type><listen>unix:path=${bus}</listen><auth>EXTERNAL</auth>
    <policy context="default"><allow user="*"/><allow own="*"/><allow send_type="method_call"/><allow send_type="signal"/>
    <allow send_requested_reply="true"/><allow receive_requested_reply="true"/></policy></busconfig>`,
  )
  // avahi-daemon keeps its process number at a fixed place below /run; it gets one of its own.
  const run = (program: string, words: string[]) =>
    spawn(
      'ip',
      [
        'netns',
        'exec',
        namespace,
        'unshare',
        '--mount',
        'sh',
        '-c',
        'mount -t tmpfs tmpfs /run && mkdir /run/avahi-daemon && exec "$0" "$@"',
        program,
        ...words,
      ],
      { env: { ...process.env, DBUS_SYSTEM_BUS_ADDRESS: `unix:path=${bus}` } },
    )
  const daemons: ChildProcessWithoutNullStreams[] = [
    spawn('dbus-daemon', ['--nofork', '--nopidfile', `--config-file=${config}`]),
  ]
  const ready = (async () => {
    while (!existsSync(bus)) await systemClock.sleep(20)
    const avahi = run('avahi-daemon', ['--no-drop-root', '--no-chroot', '--no-rlimits', '--no-proc-title'])
    daemons.push(avahi)
    await new Promise<void>((resolve, reject) => {
      let text = ''
      avahi.stderr.on('data', (more) => {
        text += more
        if (/startup complete/.test(text)) resolve()
      })
      avahi.on('exit', () => reject(new Error(`avahi-daemon: ${text}`)))
    })
  })()
  return {
    ready,
    run,
    [Symbol.dispose]: () => {
      for (const daemon of daemons) daemon.kill('SIGKILL')
      rmSync(bus, { force: true })
    },
  }
}
