/**
 * Hands jobs to worker threads. Short jobs are given ahead, so that a thread never waits for the post; long ones one at a
 * time, so that the next goes to whichever thread is free first. A thread that dies fails the jobs it had, with a
 * retryable error, and is replaced when there is work again.
 */
import { EngineError } from '../base/error.ts'
import { KiB, limits } from '../limits.ts'
import type { SharedMemory } from './cutter.ts'
import type { Job, ResultOf } from './jobs.ts'
import type { SpawnThread, Thread } from './thread.ts'
import type { WorkerAnswer, WorkerFailure, WorkerRequest, WorkerStart } from './worker.ts'

/** A thread gets another job while those it has are together smaller than this. */
const AHEAD_BYTES = 256 * KiB

interface Waiting {
  readonly job: Job
  /** Bytes to work on: what the job costs. */
  readonly sizeBytes: number
  readonly transfer: readonly ArrayBuffer[]
  readonly resolve: (result: never) => void
  readonly reject: (error: Error) => void
}

interface Worker {
  readonly thread: Thread
  readonly jobs: Map<number, Waiting>
  busyBytes: number
}

export class ThreadPool {
  readonly #spawn: SpawnThread
  readonly #module: URL
  readonly #memory: SharedMemory
  readonly #workers: (Worker | undefined)[]
  /** Cuts and opens go before seals: others wait for what they yield. */
  readonly #first: Waiting[] = []
  readonly #then: Waiting[] = []
  #number = 0
  #stopped = false

  /** The threads start at once, so that the first file does not wait for them. */
  constructor(spawn: SpawnThread, module: URL, memory: SharedMemory, threads: number) {
    this.#spawn = spawn
    this.#module = module
    this.#memory = memory
    this.#workers = new Array<undefined>(threads).fill(undefined)
    for (const index of this.#workers.keys()) this.#workers[index] = this.#start(index)
  }

  get threads(): number {
    return this.#workers.length
  }

  /** Rejects with the job's own EngineError, `thread-died` or `stopped`. `sizeBytes` are the bytes to work on. */
  run<J extends Job>(job: J, sizeBytes: number, transfer: readonly ArrayBuffer[] = []): Promise<ResultOf<J>> {
    if (this.#stopped) return Promise.reject(stoppedError())
    return new Promise<ResultOf<J>>((resolve, reject) => {
      const waiting: Waiting = { job, sizeBytes, transfer, resolve, reject }
      ;(job.what === 'seal' ? this.#then : this.#first).push(waiting)
      this.#dispatch()
    })
  }

  /** Ends all threads; what they had and what waits rejects with `stopped`. */
  async stop(): Promise<void> {
    this.#stopped = true
    for (const waiting of [...this.#first.splice(0), ...this.#then.splice(0)]) waiting.reject(stoppedError())
    await Promise.all(this.#workers.map(async (worker) => await worker?.thread.stop()))
  }

  #dispatch(): void {
    for (let next = this.#first[0] ?? this.#then[0]; next !== undefined; next = this.#first[0] ?? this.#then[0]) {
      const worker = this.#idlest()
      if (worker === undefined) return
      ;(next === this.#first[0] ? this.#first : this.#then).shift()
      const number = this.#number++
      worker.jobs.set(number, next)
      worker.busyBytes += next.sizeBytes
      worker.thread.send({ number, job: next.job } satisfies WorkerRequest, next.transfer)
    }
  }

  /** The worker with least to do, started if need be; undefined if all have enough. */
  #idlest(): Worker | undefined {
    let best: { index: number; busyBytes: number } | undefined
    for (const [index, worker] of this.#workers.entries()) {
      const busyBytes = worker?.busyBytes ?? 0
      if (busyBytes < AHEAD_BYTES && (best === undefined || busyBytes < best.busyBytes)) best = { index, busyBytes }
    }
    if (best === undefined) return undefined
    const { index } = best
    this.#workers[index] ??= this.#start(index)
    return this.#workers[index]
  }

  #start(index: number): Worker {
    const thread = this.#spawn(this.#module, { heapBytes: limits.threadHeapBytes })
    const worker: Worker = { thread, jobs: new Map(), busyBytes: 0 }
    thread.onMessage((message) => this.#answered(worker, message as WorkerAnswer))
    thread.onEnd((reason) => {
      this.#workers[index] = undefined
      for (const { reject } of worker.jobs.values()) reject(this.#stopped ? stoppedError() : diedError(reason))
      worker.jobs.clear()
      if (!this.#stopped) this.#dispatch()
    })
    thread.send({ memory: this.#memory } satisfies WorkerStart)
    return worker
  }

  #answered(worker: Worker, answer: WorkerAnswer): void {
    const waiting = worker.jobs.get(answer.number)
    if (waiting === undefined) return
    worker.jobs.delete(answer.number)
    worker.busyBytes -= waiting.sizeBytes
    this.#dispatch()
    if ('result' in answer) waiting.resolve(answer.result as never)
    else waiting.reject(failureError(answer.failure))
  }
}

function failureError({ code, message, hint, retryable }: WorkerFailure): Error {
  if (code === null) return new Error(`in a compute thread: ${message}`)
  return new EngineError(code, message, hint === null ? { retryable } : { hint, retryable })
}

function diedError(reason: string): EngineError {
  return new EngineError('thread-died', `a compute thread ended: ${reason}`, { hint: 'Try again.', retryable: true })
}

function stoppedError(): EngineError {
  return new EngineError('stopped', 'the node is stopping', { retryable: true })
}
