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

export type WorkerAnswer =
  | { readonly number: number; readonly result: unknown }
  | { readonly number: number; readonly failure: { readonly code: string | null; readonly message: string } }

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
      const code = isEngineError(error) ? error.code : null
      port.postMessage({ number, failure: { code, message: messageOf(error) } } satisfies WorkerAnswer)
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
