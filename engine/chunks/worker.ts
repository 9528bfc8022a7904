/**
 * A compute thread: takes jobs, does them one after the other, answers. It keeps nothing between jobs but the shared memory,
 * so the pool may end it at any moment and start another.
 */
import assert from 'node:assert/strict'
import { parentPort } from 'node:worker_threads'
import { isEngineError, messageOf } from '../base/error.ts'
import { type Cutter, createCutter, type SharedMemory } from './cutter.ts'
import { type Job, runCut, runOpen, runSeal } from './jobs.ts'

/** Sent once, first. */
export interface WorkerStart {
  readonly memory: SharedMemory
}

export interface WorkerRequest {
  readonly number: number
  readonly job: Job
}

/** An error that crosses threads; `code` is null for what was not expected. */
export interface WorkerFailure {
  readonly code: string | null
  readonly message: string
  readonly hint: string | null
  readonly retryable: boolean
}

export type WorkerAnswer =
  | { readonly number: number; readonly result: unknown }
  | { readonly number: number; readonly failure: WorkerFailure }

assert(parentPort !== null, 'this module runs as a thread')
const port = parentPort
let memory: Buffer
let cutter: Cutter

port.once('message', (start: WorkerStart) => {
  memory = Buffer.from(start.memory.buffer)
  cutter = createCutter(start.memory)
  port.on('message', ({ number, job }: WorkerRequest) => {
    try {
      const result = run(job)
      port.postMessage({ number, result } satisfies WorkerAnswer, 'piece' in result ? [result.piece.buffer] : [])
    } catch (error) {
      port.postMessage({ number, failure: failureOf(error) } satisfies WorkerAnswer)
    }
  })
})

function run(job: Job) {
  switch (job.what) {
    case 'cut':
      return runCut(memory, cutter, job)
    case 'seal':
      return runSeal(memory, job)
    case 'open':
      return runOpen(job)
  }
}

function failureOf(error: unknown): WorkerFailure {
  if (!isEngineError(error)) return { code: null, message: messageOf(error), hint: null, retryable: false }
  return { code: error.code, message: error.message, hint: error.hint ?? null, retryable: error.retryable }
}
