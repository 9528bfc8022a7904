/**
 * The event stream. Notices go into one bounded ring that all clients share; each client walks it at its own pace and
 * the present state is read when it is that notice's turn, so many changes of one thing reach a slow client as one and
 * nothing is buffered per client. Who falls behind the ring, or comes with an id from before it, is told to `reset`.
 */
import type { ServerResponse } from 'node:http'
import { isEngineError } from '../base/error.ts'
import { deferred, type Deferred } from '../base/async.ts'
import type { Clock } from '../ports.ts'
import { limits } from '../limits.ts'
import { drained } from './bodies.ts'
import type { Notice, Service } from './service.ts'
import type { StallWatch } from './stallWatch.ts'

export interface EventHubOptions {
  readonly service: Service
  readonly clock: Clock
  readonly watch: StallWatch
  /** Differs at every start, so that ids of an earlier run are known as such. */
  readonly run: string
}

export class EventHub {
  readonly #options: EventHubOptions
  /** Notices with numbers #first, #first + 1, ...; superseded ones are skipped when read. */
  readonly #ring: Notice[] = []
  #first = 1
  /** Number of the newest notice of each thing. */
  readonly #newest = new Map<string, number>()
  #news: Deferred<void> = deferred()
  #subscription: Disposable | undefined
  #healthRest: Disposable | undefined
  #healthChanged = false
  readonly #streams = new Set<ServerResponse>()

  constructor(options: EventHubOptions) {
    this.#options = options
  }

  start(): void {
    this.#subscription = this.#options.service.subscribe((notice) => {
      if (notice.type === 'health') this.#addHealth()
      else this.#add(notice)
    })
  }

  /** Ends all streams. */
  stop(): void {
    this.#subscription?.[Symbol.dispose]()
    this.#healthRest?.[Symbol.dispose]()
    for (const response of this.#streams) response.end()
    this.#wake()
  }

  get isFull(): boolean {
    return this.#streams.size >= limits.eventStreams
  }

  /** Serves one client until it leaves, stalls, or the hub stops. */
  async serve(response: ServerResponse, lastEventId: string | undefined): Promise<void> {
    this.#streams.add(response)
    using stall = this.#options.watch.watch(() => response.destroy())
    const write = async (text: string): Promise<void> => {
      if (response.write(text)) return
      stall.waiting()
      await drained(response)
      stall.moved()
    }
    const heartbeat = this.#heartbeat(response)
    try {
      let next = this.#numberAfter(lastEventId)
      await write('retry: 2000\n\n')
      while (!response.writableEnded && !response.destroyed) {
        if (next === undefined || next < this.#first) {
          next = this.#end()
          await write(`id: ${this.#options.run}-${next - 1}\nevent: reset\ndata: {}\n\n`)
        } else if (next < this.#end()) {
          const text = await this.#textOf(next)
          next++
          if (text !== undefined) await write(text)
        } else {
          const closed = closing(response)
          await Promise.race([this.#news.promise, closed.promise])
          closed.stop()
        }
      }
    } finally {
      heartbeat()
      this.#streams.delete(response)
      if (!response.writableEnded) response.destroy()
    }
  }

  /** Comments that keep proxies and the client's own watch quiet; skipped while the client is behind anyway. */
  #heartbeat(response: ServerResponse): () => void {
    let timer: Disposable
    const beat = () => {
      if (!response.writableNeedDrain && !response.writableEnded) response.write(': \n\n')
      timer = this.#options.clock.timer(limits.eventHeartbeatMs, beat)
    }
    timer = this.#options.clock.timer(limits.eventHeartbeatMs, beat)
    return () => timer[Symbol.dispose]()
  }

  #end(): number {
    return this.#first + this.#ring.length
  }

  /** Every commit may change health, and telling it counts all files: the first change is told at once, the next after a moment. */
  #addHealth(): void {
    if (this.#healthRest !== undefined) {
      this.#healthChanged = true
      return
    }
    this.#healthChanged = false
    this.#add({ type: 'health' })
    this.#healthRest = this.#options.clock.timer(limits.healthEventMs, () => {
      this.#healthRest = undefined
      if (this.#healthChanged) this.#addHealth()
    })
  }

  #add(notice: Notice): void {
    this.#newest.set(keyOf(notice), this.#end())
    this.#ring.push(notice)
    // Half a ring goes at once, since removing from an array's front costs as much as its length.
    if (this.#ring.length >= limits.eventBacklog) this.#forget(limits.eventBacklog / 2)
    this.#wake()
  }

  #forget(count: number): void {
    for (const notice of this.#ring.splice(0, count)) {
      const key = keyOf(notice)
      if (this.#newest.get(key) === this.#first) this.#newest.delete(key)
      this.#first++
    }
  }

  #wake(): void {
    this.#news.resolve()
    this.#news = deferred()
  }

  /** The number of the first notice after an event's id; undefined if the id is unknown. Without an id: what comes from now on. */
  #numberAfter(lastEventId: string | undefined): number | undefined {
    if (lastEventId === undefined || lastEventId === '') return this.#end()
    const [, run, digits] = /^([0-9a-f]+)-(\d{1,15})$/.exec(lastEventId) ?? []
    const last = Number(digits)
    const known = run === this.#options.run
    return known && last >= this.#first - 1 && last < this.#end() ? last + 1 : undefined
  }

  /** The event of one notice, with the present state of its thing; undefined if a later notice tells of the same. */
  async #textOf(number: number): Promise<string | undefined> {
    const notice = this.#ring[number - this.#first] as Notice
    if (this.#newest.get(keyOf(notice)) !== number) return undefined
    const data = await this.#dataOf(notice)
    if (data === undefined) return undefined
    return `id: ${this.#options.run}-${number}\nevent: ${notice.type}\ndata: ${JSON.stringify(data)}\n\n`
  }

  async #dataOf(notice: Notice): Promise<unknown> {
    const { service } = this.#options
    try {
      switch (notice.type) {
        case 'entry':
          return await service.entry(notice.id)
        case 'node':
          return await service.node(notice.id)
        case 'transfer':
          return await service.transfer?.(notice.id)
        case 'health':
          return await service.health()
        case 'activity':
          return notice.item
        case 'reset':
          return {}
      }
    } catch (error) {
      if (!isEngineError(error)) throw error
      // What is gone is said of entries and transfers; of other things nothing needs to be said.
      const mayGo = notice.type === 'entry' || notice.type === 'transfer'
      return mayGo && error.code === 'not-found' ? { id: notice.id, gone: true } : undefined
    }
  }
}

function keyOf(notice: Notice): string {
  switch (notice.type) {
    case 'entry':
    case 'node':
    case 'transfer':
      return `${notice.type} ${notice.id}`
    case 'activity':
      return `activity ${notice.item.id}`
    case 'health':
    case 'reset':
      return notice.type
  }
}

function closing(response: ServerResponse): { promise: Promise<void>; stop: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>()
  response.once('close', resolve)
  if (response.destroyed) resolve()
  return { promise, stop: () => response.off('close', resolve) }
}
