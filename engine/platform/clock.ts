/**
 * The Clock port over the runtime's timers. Waits of any length are exact in what they promise: setTimeout fires at once
 * for delays over 2^31-1 ms (24.8 days), and thirty-day waits are common here, so long ones are re-armed in steps.
 */
import type { Clock } from '../ports.ts'

const LONGEST_TIMER_MS = 2 ** 31 - 1

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),

  sleep(delayMs, signal) {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason)
        return
      }
      const give = () => {
        timer[Symbol.dispose]()
        reject(signal?.reason)
      }
      const timer = systemClock.timer(delayMs, () => {
        signal?.removeEventListener('abort', give)
        resolve()
      })
      signal?.addEventListener('abort', give, { once: true })
    })
  },

  timer(delayMs, fire) {
    let handle: NodeJS.Timeout
    const arm = (leftMs: number) => {
      const stepMs = Math.min(leftMs, LONGEST_TIMER_MS)
      handle = setTimeout(() => (leftMs > stepMs ? arm(leftMs - stepMs) : fire()), stepMs)
    }
    arm(Math.max(0, delayMs))
    return { [Symbol.dispose]: () => clearTimeout(handle) }
  },

  soon: () => new Promise((resolve) => setImmediate(resolve)),
}
