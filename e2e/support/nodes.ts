/**
 * Real nodes as real processes, for tests and benchmarks: started through the installed command, talked to over the HTTP API,
 * killed as hard as wanted. Each has a data folder and a computer of its own (a machine id from the environment), as
 * if it stood elsewhere.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Entry, Health, Invite, Node, Page, Pool } from '../../shared/index.ts'

const root = resolve(import.meta.dirname, '../..')

export interface StartOptions {
  /** Runs the node inside this network namespace. */
  readonly namespace?: string
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly discovery?: boolean
  /** Peers' host; loopback unless given. */
  readonly listen?: string
}

interface Ready {
  readonly nodeId: string
  readonly url: string
  readonly token: string
  readonly peerAddress: string
}

const temporaryFolders = new Set<string>()
process.once('exit', () => {
  for (const folder of temporaryFolders) rmSync(folder, { recursive: true, force: true })
})

/** A folder that is removed with the process; under BENCH_DIR if that is set. */
export function temporaryFolder(prefix = 'hadahoop-'): string {
  const folder = mkdtempSync(join(process.env['BENCH_DIR'] ?? tmpdir(), prefix))
  temporaryFolders.add(folder)
  return folder
}

export class TestNode implements AsyncDisposable {
  /** Those that were made and not ended for good. */
  static readonly all = new Set<TestNode>()
  readonly name: string
  readonly dataFolder: string
  readonly #options: StartOptions
  #process: ChildProcess | undefined
  #ready: Ready | undefined
  #stderr = ''

  constructor(name: string, dataFolder: string, options: StartOptions) {
    this.name = name
    this.dataFolder = dataFolder
    this.#options = options
    TestNode.all.add(this)
  }

  /** Starts a node and waits until it answers. */
  static async start(
    name: string,
    options: StartOptions = {},
    dataFolder = temporaryFolder(`hadahoop-${name}-`),
  ): Promise<TestNode> {
    const node = new TestNode(name, dataFolder, options)
    await node.restart()
    return node
  }

  get nodeId(): string {
    return this.#facts.nodeId
  }
  get url(): string {
    return this.#facts.url
  }
  get token(): string {
    return this.#facts.token
  }
  get peerAddress(): string {
    return this.#facts.peerAddress
  }
  get running(): boolean {
    return this.#process !== undefined
  }
  /** Process id of the node itself, not of the command that started it. */
  get pid(): number {
    const started = this.#process?.pid
    assert(started !== undefined)
    const children = readFileSync(`/proc/${started}/task/${started}/children`, 'utf8').trim().split(' ')
    return Number(children[0]) || started
  }

  get #facts(): Ready {
    assert(this.#ready !== undefined, `${this.name} does not run`)
    return this.#ready
  }

  async restart(): Promise<void> {
    assert(this.#process === undefined)
    const args = [
      ...[join(root, 'bin/hadahoop.mjs'), 'start', '--json', '--data', this.dataFolder, '--name', this.name],
      ...(this.#options.namespace === undefined ? ['--listen', this.#options.listen ?? '127.0.0.1'] : []),
      ...(this.#options.discovery === true ? [] : ['--no-discovery']),
      ...(this.#options.args ?? []),
    ]
    const [command, argv] = inNamespace(this.#options.namespace, args)
    const child = spawn(command, argv, {
      cwd: root,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, HADAHOOP_MACHINE_ID: `test machine ${this.name}`, ...this.#options.env },
    })
    this.#process = child
    this.#stderr = ''
    child.stderr.on('data', (data: Buffer) => {
      this.#stderr = (this.#stderr + data.toString()).slice(-8192)
    })
    const ended = once(child, 'exit').then(([code, signal]) => {
      this.#process = undefined
      throw new Error(`${this.name} ended (${code ?? signal}): ${this.#stderr}`)
    })
    ended.catch(() => undefined)
    const line = new Promise<string>((resolveLine) =>
      createInterface({ input: child.stdout }).once('line', resolveLine),
    )
    this.#ready = JSON.parse(await Promise.race([line, ended])) as Ready
    child.stdout.resume()
  }

  /** SIGKILL to the node, as a power cut would do; resolves when it is gone. */
  async kill(): Promise<void> {
    await this.#end(() => {
      const { pid } = this
      process.kill(pid, 'SIGKILL')
    })
  }

  /** SIGTERM: a clean stop. */
  async stop(): Promise<void> {
    await this.#end((child) => child.kill('SIGTERM'))
  }

  async #end(signal: (child: ChildProcess) => void): Promise<void> {
    const child = this.#process
    if (child === undefined) return
    const gone = once(child, 'exit')
    signal(child)
    await gone
    this.#process = undefined
    this.#ready = undefined
  }

  async [Symbol.asyncDispose](): Promise<void> {
    TestNode.all.delete(this)
    await this.kill()
    rmSync(this.dataFolder, { recursive: true, force: true })
  }

  /** A request to the API; the path starts with `/`. */
  async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = { authorization: `Bearer ${this.token}`, ...(init.headers as Record<string, string>) }
    return await fetch(`${this.url}${path}`, { ...init, headers })
  }

  /** The JSON of a request that must succeed. */
  async json<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await this.fetch(path, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    })
    const text = await response.text()
    assert(response.ok, `${method} ${path}: ${response.status} ${text}`)
    return (text === '' ? undefined : JSON.parse(text)) as T
  }

  async put(path: string, bytes: Uint8Array | string, query = ''): Promise<Entry> {
    const response = await this.fetch(`/v1/files/${encodePath(path)}${query}`, {
      method: 'PUT',
      body: bytes as RequestInit['body'] & {},
    })
    assert(response.ok, `PUT ${path}: ${response.status} ${await response.clone().text()}`)
    return (await response.json()) as Entry
  }

  async get(path: string): Promise<Buffer> {
    const response = await this.fetch(`/v1/files/${encodePath(path)}`)
    assert(response.ok, `GET ${path}: ${response.status} ${await response.clone().text()}`)
    return Buffer.from(await response.arrayBuffer())
  }

  async list(path: string): Promise<Entry[]> {
    const items: Entry[] = []
    for (let cursor: string | null = null; ; ) {
      const query: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`
      const page: Page<Entry> = await this.json('GET', `/v1/folders/${encodePath(path)}?limit=1000${query}`)
      items.push(...page.items)
      if (page.next === null) return items
      cursor = page.next
    }
  }

  async nodes(): Promise<Node[]> {
    return (await this.json<Page<Node>>('GET', '/v1/nodes')).items
  }

  async health(): Promise<Health> {
    return await this.json('GET', '/v1/health')
  }

  /** Runs the command line on this node's data folder. */
  async command(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
    const all = [join(root, 'bin/hadahoop.mjs'), ...args, '--data', this.dataFolder]
    const child = spawn(...inNamespace(this.#options.namespace, all), { cwd: root })
    let stdout = ''
    let stderr = ''
    // Pieces may end within a character.
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
    const [code] = (await once(child, 'close')) as [number | null]
    return { code: code ?? -1, stdout, stderr }
  }

  /** Peak resident memory of the node's process so far, bytes. */
  peakBytes(): number {
    const line = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${this.pid}/status`, 'utf8'))
    return Number(line?.[1]) * 1024
  }
}

/** The command and arguments that run a script of Node's, inside a network namespace if one is named. */
function inNamespace(namespace: string | undefined, args: readonly string[]): [string, string[]] {
  if (namespace === undefined) return [process.execPath, [...args]]
  return ['ip', ['netns', 'exec', namespace, process.execPath, ...args]]
}

function encodePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/')
}

/** Looks again until the condition holds; fails with what it saw last. The limit is a guard only: machines may be very busy. */
export async function until(
  what: string,
  condition: () => Promise<boolean | string>,
  timeoutMs = 90_000,
): Promise<void> {
  const deadline = performance.now() + timeoutMs
  for (let seen: boolean | string = false; ; ) {
    try {
      seen = await condition()
    } catch (error) {
      seen = String(error)
    }
    if (seen === true) return
    assert(
      performance.now() < deadline,
      `not within ${timeoutMs} ms: ${what}${typeof seen === 'string' ? ` (${seen})` : ''}`,
    )
    await sleep(50)
  }
}

/** A pool of real nodes, the first its founder, all connected with each other. */
export async function startPool(
  count: number,
  options: StartOptions & { readonly copies?: number; readonly poolName?: string } = {},
): Promise<TestNode[]> {
  const nodes = await Promise.all(Array.from({ length: count }, (_, index) => TestNode.start(`node${index}`, options)))
  const [founder, ...others] = nodes as [TestNode, ...TestNode[]]
  await founder.json<Pool>('POST', '/v1/pool', {
    name: options.poolName ?? 'Test',
    copies: options.copies ?? 2,
  })
  for (const other of others) await joinPool(founder, other)
  await allOnline(nodes)
  return nodes
}

export async function joinPool(founder: TestNode, other: TestNode): Promise<void> {
  const { code } = await founder.json<Invite>('POST', '/v1/pool/invites')
  await other.json('POST', '/v1/pool/join', { code, address: founder.peerAddress })
}

/** Every one of the nodes sees all of them online and with its own catalog. */
export async function allOnline(nodes: readonly TestNode[]): Promise<void> {
  for (const node of nodes) {
    await until(`${node.name} sees all online`, async () => {
      const seen = await node.nodes()
      // Not known either until its first heartbeat has come.
      const well = seen.filter((each) => each.state === 'online' && each.upToDate === true)
      return well.length >= nodes.length || JSON.stringify(seen.map((each) => [each.name, each.state, each.upToDate]))
    })
  }
}

/** Ends all, whatever state they are in. */
export async function endAll(nodes: readonly TestNode[]): Promise<void> {
  await Promise.all(nodes.map((node) => node[Symbol.asyncDispose]()))
}
