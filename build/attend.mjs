// Preloaded into the process that bootstrap.mjs starts, so that none outlives whoever started it and holds the data folder:
// - the wrapper vanished: it passes every signal on before it ends, so only SIGKILL or a crash does that, and what was
//   meant for it is meant for us, at once (whatever was acknowledged is durable);
// - npm, or the shell that npm started, vanished: npm does not pass on every signal, so stop as for a SIGTERM.
import { isMainThread } from 'node:worker_threads'
import { isIntact, lineToNpm } from './ancestry.mjs'

if (isMainThread) {
  if (process.connected) {
    process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'))
    process.channel?.unref()
  }

  const line = lineToNpm()
  if (line) {
    const timer = setInterval(() => {
      if (isIntact(line)) return
      clearInterval(timer)
      process.kill(process.pid, 'SIGTERM')
    }, 200)
    timer.unref()
  }
}
