import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Endpoint } from '../cli/dataFolder.ts'
import { EngineHost } from './engineHost.ts'
import type { ToEngine } from './engineMessages.ts'
import { deathsAfter, needsPerson, restartDelayMs } from './restarting.ts'

/** A host whose engine processes do what the test says, in a time that passes when it says. */
function hosted(options: { running?: Endpoint; key?: Buffer | Error } = {}) {
  const waits: { delayMs: number; end: () => void }[] = []
  const children: { said: ToEngine[]; tell(message: unknown): void; die(code: number): void; killed: boolean }[] = []
  const states: string[] = []
  let running = options.running
  let nowMs = 0
  const host = new EngineHost({
    dataDir: '/data',
    node: { name: 'desk' },
    fork() {
      let hear: (message: unknown) => void = () => undefined
      const exits: ((code: number) => void)[] = []
      const child = {
        said: [] as ToEngine[],
        tell: (message: unknown) => hear(message),
        die: (code: number) => {
          for (const exit of exits) exit(code)
        },
        killed: false,
      }
      children.push(child)
      return {
        post: (message) => void child.said.push(message),
        onMessage: (listener) => (hear = listener),
        onExit: (listener) => void exits.push(listener),
        kill: () => {
          child.killed = true
          child.die(9)
        },
      }
    },
    findRunning: async () => running,
    secretsKey: async () => {
      if (options.key instanceof Error) throw options.key
      return options.key
    },
    nowMs: () => nowMs,
    wait: (delayMs) => new Promise((end) => void waits.push({ delayMs, end })),
    log: () => undefined,
  })
  host.onState(({ state }) => void states.push(state))
  return {
    host,
    waits,
    children,
    states,
    setRunning: (endpoint: Endpoint | undefined) => (running = endpoint),
    /** Ends the last wait. */
    pass: async (ms = 0) => {
      nowMs += ms
      waits.at(-1)?.end()
      await settled()
    },
    live: (ms: number) => (nowMs += ms),
  }
}

const settled = () => new Promise((resolve) => setImmediate(resolve))
const ready = { type: 'ready', url: 'http://127.0.0.1:1', token: 't' }

test('a node that runs on the folder is used, and no second one started', async () => {
  const endpoint = { url: 'http://127.0.0.1:9', token: 'x' }
  const { host, children } = hosted({ running: endpoint })
  host.start()
  await settled()
  assert.deepEqual(host.state, { state: 'running', attached: true })
  assert.equal(host.endpoint, endpoint)
  assert.equal(children.length, 0)
  await host.stop()
})

test('else one is started, with the key by message only', async () => {
  const key = Buffer.alloc(32, 5)
  const { host, children, states } = hosted({ key })
  host.start()
  await settled()
  assert.deepEqual(children[0]?.said, [
    { type: 'start', dataDir: '/data', node: { name: 'desk' }, secretsKey: key.toString('base64url') },
  ])
  assert.equal(host.endpoint, undefined)
  children[0]?.tell(ready)
  assert.deepEqual(host.endpoint, { url: ready.url, token: 't' })
  assert.deepEqual(states, ['running'])
})

test('an engine that dies comes back, each time after a longer wait, soon again after a long life', async () => {
  const { host, children, waits, states, pass, live } = hosted()
  host.start()
  await settled()
  for (let death = 0; death < 4; death++) {
    children.at(-1)?.tell(ready)
    children.at(-1)?.die(1)
    await settled()
    assert.equal(host.endpoint, undefined)
    await pass()
  }
  assert.deepEqual(
    waits.map(({ delayMs }) => delayMs),
    [500, 1000, 2000, 4000],
  )
  children.at(-1)?.tell(ready)
  live(10 * 60_000)
  children.at(-1)?.die(139)
  await settled()
  assert.equal(waits.at(-1)?.delayMs, 500)
  assert.deepEqual(states.slice(0, 3), ['running', 'restarting', 'running'])
  assert.equal(children.length, 5)
})

test('what only a person can mend is not tried again', async () => {
  const { host, children, waits } = hosted()
  host.start()
  await settled()
  children[0]?.tell({ type: 'failed', code: 'newer-database', message: 'too new', hint: 'Start the newer release.' })
  assert(children[0]?.killed, 'it would stay, doing nothing')
  await settled()
  assert.deepEqual(host.state, {
    state: 'failed',
    attached: false,
    problem: { code: 'newer-database', message: 'too new', hint: 'Start the newer release.' },
  })
  assert.equal(waits.length, 0)
})

test('a keychain that does not open is said, and no engine is started without the key', async () => {
  const { host, children } = hosted({ key: new Error('locked') })
  host.start()
  await settled()
  assert.equal(host.state.state, 'failed')
  assert.equal(host.state.problem?.message, 'locked')
  assert.equal(children.length, 0)
})

test('a folder that somebody else is just taking is waited for, and then shared', async () => {
  const { host, children, waits, setRunning, pass } = hosted()
  host.start()
  await settled()
  children[0]?.tell({ type: 'failed', code: 'folder-in-use', message: 'another runs' })
  await settled()
  assert.equal(waits.at(-1)?.delayMs, 1000)
  setRunning({ url: 'http://127.0.0.1:9', token: 'x' })
  await pass()
  assert.deepEqual(host.state, { state: 'running', attached: true })
})

test('when a node that was there before ends, one of our own takes its place', async () => {
  const { host, children, setRunning, pass } = hosted({ running: { url: 'http://127.0.0.1:9', token: 'x' } })
  host.start()
  await settled()
  host.missed()
  await settled()
  assert.equal(host.state.state, 'running', 'it answers still')
  setRunning(undefined)
  host.missed()
  await settled()
  assert.equal(host.state.state, 'restarting')
  await pass()
  assert.equal(children.length, 1)
  children[0]?.tell(ready)
  assert.deepEqual(host.state, { state: 'running', attached: false })
})

test('stopping stops it cleanly, cuts one that hangs, and nothing starts again', async () => {
  for (const hangs of [false, true]) {
    const { host, children, waits } = hosted()
    host.start()
    await settled()
    children[0]?.tell(ready)
    const stopped = host.stop()
    assert.deepEqual(children[0]?.said.at(-1), { type: 'stop' })
    if (hangs) waits.at(-1)?.end()
    else children[0]?.die(0)
    await stopped
    assert.equal(children[0]?.killed, hangs)
    await settled()
    assert.equal(children.length, 1)
    assert.equal(host.state.state, 'stopped')
  }
})

test('nonsense from the engine process changes nothing', async () => {
  const { host, children } = hosted()
  host.start()
  await settled()
  for (const nonsense of [null, 'ready', { type: 'ready' }, { type: 'ready', url: 1, token: {} }, { type: 'other' }])
    children[0]?.tell(nonsense)
  assert.equal(host.endpoint, undefined)
})

test('waits grow and stay within a minute', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 500 }), (deaths) => {
      assert(restartDelayMs(deaths) <= restartDelayMs(deaths + 1))
      assert(restartDelayMs(deaths) >= 500 && restartDelayMs(deaths) <= 60_000)
      assert.equal(deathsAfter(deaths, 0), deaths + 1)
      assert.equal(deathsAfter(deaths, 24 * 3_600_000), 1)
    }),
  )
  assert(needsPerson('newer-database') && needsPerson('secrets-key') && !needsPerson('engine-died'))
})
