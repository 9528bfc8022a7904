/**
 * What the app knows of the pool, for tray and notifications: asked once when the engine comes, then followed by its events. Also
 * owns the client of the engine that is there now. A stream that ends is opened again after a moment; the engine's own state says
 * when there is nothing to open.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Endpoint } from '../cli/dataFolder.ts'
import type { Health } from '../shared/health.ts'
import type { Node } from '../shared/pool.ts'
import { EngineClient } from './engineClient.ts'
import { readEvents } from './eventStream.ts'
import type { MachineFacts, PoolFacts } from './notices.ts'

const againAfterMs = 2000
/** How often the state is looked at although nothing happened, since some notices are for what lasts. */
const lookEveryMs = 20_000

export interface EngineWatchParts {
  onFacts(facts: PoolFacts): void
  /** The stream broke: perhaps the engine is gone. */
  missed(): void
}

export class EngineWatch {
  readonly #parts: EngineWatchParts
  #client: EngineClient | undefined
  #ending = new AbortController()
  #health: Health | undefined
  readonly #machines = new Map<string, MachineFacts>()

  constructor(parts: EngineWatchParts) {
    this.#parts = parts
  }

  /** Of the engine that is there now. */
  get client(): EngineClient | undefined {
    return this.#client
  }

  get facts(): PoolFacts | undefined {
    const health = this.#health
    if (health === undefined) return undefined
    const { atRisk, unreachable, lost } = health.files
    return { state: health.state, filesAtRisk: atRisk + unreachable + lost, machines: [...this.#machines.values()] }
  }

  /** Follows the engine at this address, or none. */
  follow(endpoint: Endpoint | undefined): void {
    if (
      endpoint !== undefined &&
      endpoint.url === this.#client?.endpoint.url &&
      endpoint.token === this.#client.endpoint.token
    )
      return
    this.#ending.abort()
    this.#client?.[Symbol.dispose]()
    this.#client = endpoint === undefined ? undefined : new EngineClient(endpoint)
    this.#health = undefined
    this.#machines.clear()
    this.#ending = new AbortController()
    if (this.#client === undefined) return
    void this.#listen(this.#client, this.#ending.signal)
    void this.#lookNowAndThen(this.#ending.signal)
  }

  async #listen(client: EngineClient, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const stream = await client.open('/v1/events')
        signal.addEventListener('abort', () => stream.destroy(), { once: true })
        this.#learnHealth((await client.ask('GET', '/v1/health')) as Health)
        for (const node of ((await client.ask('GET', '/v1/nodes?limit=1000')) as { items: Node[] }).items)
          this.#learn(node)
        this.#tell(signal)
        for await (const { name, data } of readEvents(stream)) {
          if (name === 'health') this.#learnHealth(JSON.parse(data) as Health)
          else if (name === 'node') this.#learn(JSON.parse(data) as Node)
          else if (name === 'reset') break
          else continue
          this.#tell(signal)
        }
      } catch {
        if (!signal.aborted) this.#parts.missed() // whether it is gone finds the host
      }
      await sleep(againAfterMs, undefined, { signal, ref: false }).catch(() => undefined)
    }
  }

  async #lookNowAndThen(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await sleep(lookEveryMs, undefined, { signal, ref: false }).catch(() => undefined)
      this.#tell(signal)
    }
  }

  #learnHealth(health: Health): void {
    this.#health = health
    if (health.state === 'no-pool') this.#machines.clear()
  }

  #learn({ id, name, state, self }: Node): void {
    this.#machines.set(id, { id, name, state, self })
  }

  #tell(signal: AbortSignal): void {
    const { facts } = this
    if (facts !== undefined && !signal.aborted) this.#parts.onFacts(facts)
  }
}
