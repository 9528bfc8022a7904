/**
 * A few holders of one chunk that give up against each other, with the real pledging and asking code, and everything around it in
 * the hands of a seed: which step comes next, which message is lost, who crashes between any two steps, which walk fails,
 * which put or touch comes in between.
 */
import { EngineError } from '../base/error.ts'
import { blake3Hex } from '../base/hash.ts'
import type { ChunkId, NodeId } from '../base/ids.ts'
import { limits } from '../limits.ts'
import { type GiveUpDeps, GiveUp } from './giveUp.ts'
import { Pledger, type PledgerDeps } from './pledge.ts'

const theChunk = blake3Hex(Buffer.from('chunk')) as ChunkId

interface Step {
  readonly owner: Holder
  readonly epoch: number
  readonly run: () => void
}

/** One node: a disk that survives, a process that does not. */
class Holder {
  readonly nodeId: NodeId
  readonly world: GiveUpWorld
  held: boolean
  leased = false
  mark: number | null = null
  epoch = 0
  lastMark = 0
  busy = false
  /** Deletions that went through. */
  deletions = 0
  giveUp: GiveUp
  pledger: Pledger | undefined
  answer: (body: unknown, incoming: object) => Promise<unknown> = () => Promise.reject(new Error('no handler'))

  constructor(world: GiveUpWorld, number: number, held: boolean) {
    this.world = world
    this.nodeId = blake3Hex(Buffer.from(`node ${number}`)).slice(0, 32) as NodeId
    this.held = held
    this.giveUp = this.#start()
  }

  crash(): void {
    this.epoch++
    this.mark = null
    this.busy = false
    this.giveUp = this.#start()
  }

  /** An effect on the disk that happens at some later moment, and is heard of still later. */
  #commit<T>(change: () => T): Promise<T> {
    return new Promise((resolve) => {
      this.world.later(this, () => {
        const value = change()
        this.world.check()
        this.world.later(this, () => resolve(value))
      })
    })
  }

  #start(): GiveUp {
    const { world } = this
    const store = {
      markLeaving: () =>
        this.#commit(() => {
          const marked = this.held && !this.leased && this.mark === null
          const mark = ++this.lastMark
          if (marked) this.mark = mark
          return { mark, marked: [marked] }
        }),
      unmark: (_: unknown, mark: number) =>
        this.#commit(() => {
          if (this.mark === mark) this.mark = null
        }),
      removeLeaving: (ids: readonly ChunkId[], mark: number) =>
        ids.length === 0
          ? Promise.resolve([])
          : this.#commit(() => {
              if (!this.held || this.mark !== mark) return [false]
              this.held = false
              this.mark = null
              this.deletions++
              return [true]
            }),
      has: () => this.held,
      isLeaving: () => this.mark !== null,
      get: () => this.#commit(() => (this.held ? Buffer.from('chunk') : undefined)),
    }
    const catalog = {
      chunks: { facts: () => ({ wanted: world.wanted }) },
      read: { profile: () => undefined },
      missingSegments: () => [],
    }
    const network = {
      handle: ({ name }: { name: string }, handler: typeof this.answer) => {
        if (name === 'chunks.pledge') this.answer = handler
      },
      peer: (node: NodeId) => ({ request: (_: unknown, body: unknown) => this.#send(world.holder(node), body) }),
    }
    const clock = { monotonicMs: () => world.nowMs }
    const exchange = {
      walkNow: () => this.#commit(() => !world.chance(0.1)),
    }
    const deps = {
      self: this.nodeId,
      store,
      catalog,
      network,
      clock,
      exchange,
      isStaying: () => true,
      claimsSettled: async () => {},
    }
    // Only what the two use of these is there.
    this.pledger = new Pledger(deps as unknown as PledgerDeps)
    return new GiveUp(deps as unknown as GiveUpDeps)
  }

  #send(to: Holder, body: unknown): Promise<unknown> {
    const { world } = this
    return new Promise((resolve, reject) => {
      if (world.chance(0.15)) {
        world.later(this, () => reject(new EngineError('timeout', 'lost on the way')))
        return
      }
      world.later(to, () => {
        const incoming = { peer: { nodeId: this.nodeId }, signal: new AbortController().signal }
        to.answer(body, incoming).then(
          (answer) => {
            if (world.chance(0.15)) world.later(this, () => reject(new EngineError('timeout', 'lost on the way back')))
            else world.later(this, () => resolve({ body: answer }))
          },
          (error: unknown) => reject(error),
        )
      })
    })
  }
}

export class GiveUpWorld {
  readonly wanted: number
  readonly holders: Holder[]
  nowMs = 0
  readonly #random: () => number
  readonly #steps: Step[] = []

  /** `random`: 0 to 1. The first `holding` of `count` nodes have the chunk. */
  constructor(count: number, holding: number, wanted: number, random: () => number) {
    this.wanted = wanted
    this.#random = random
    this.holders = Array.from({ length: count }, (_, number) => new Holder(this, number, number < holding))
  }

  holder(node: NodeId): Holder {
    return this.holders.find(({ nodeId }) => nodeId === node) as Holder
  }

  chance(probability: number): boolean {
    return this.#random() < probability
  }

  later(owner: Holder, run: () => void): void {
    this.#steps.push({ owner, epoch: owner.epoch, run })
  }

  /** The property: giving up never leaves fewer replicas than wanted. */
  check(): void {
    const replicas = this.holders.filter(({ held }) => held).length
    if (replicas < this.wanted) throw new Error(`${replicas} replicas left of ${this.wanted} wanted`)
  }

  get deletions(): number {
    return this.holders.reduce((sum, { deletions }) => sum + deletions, 0)
  }

  /** So many random steps; what was begun is carried to its end or lost. */
  async play(steps: number): Promise<void> {
    for (let step = 0; step < steps; step++) {
      const draw = this.#random()
      const holder = this.#pick(this.holders)
      if (draw < 0.15) this.#begin(holder)
      else if (draw < 0.18) holder.crash()
      else if (draw < 0.2) this.#touch(holder)
      else if (draw < 0.22 && holder.held)
        holder.mark = null // a put of the chunk saves the replica
      else if (draw < 0.23) this.nowMs += limits.pledgeTimeoutMs / 4
      else this.#stepOnce()
      await new Promise(setImmediate)
    }
  }

  /** Offers as a node would that knows nothing for sure: to any others, as many as are wanted. */
  #begin(holder: Holder): void {
    if (holder.busy) return
    const { epoch } = holder
    holder.busy = true
    const others = this.holders.filter((each) => each !== holder).sort(() => this.#random() - 0.5)
    const pledgers = others.slice(0, this.wanted).map(({ nodeId }) => nodeId)
    const offer = { chunk: theChunk, sizeBytes: 5, wanted: this.wanted, pledgers }
    holder.giveUp.run([offer], new AbortController().signal).then(
      () => {
        if (holder.epoch === epoch) holder.busy = false
      },
      () => undefined,
    )
  }

  #touch(holder: Holder): void {
    if (holder.held && holder.mark === null) holder.leased = this.chance(0.5)
  }

  #stepOnce(): void {
    if (this.#steps.length === 0) return
    const [step] = this.#steps.splice(Math.floor(this.#random() * this.#steps.length), 1)
    if (step !== undefined && step.owner.epoch === step.epoch) step.run()
  }

  #pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.#random() * from.length)] as T
  }
}
