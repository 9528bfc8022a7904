// Preloaded into the process that bootstrap.mjs starts, so that none outlives whoever started it and holds the data folder:
// - the wrapper vanished: it passes every signal on before it ends, so only SIGKILL or a crash does that, and what was
//   meant for it is meant for us, at once (whatever was acknowledged is durable);
// - npm, or the shell that npm started, vanished: npm does not pass on every SIGTERM, so stop as for a SIGTERM.
import { isMainThread } from 'node:worker_threads'

if (isMainThread) {
  if (process.connected) {
    process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'))
    process.channel?.unref()
  }

  const npmPid = Number(process.env['HADAHOOP_NPM_PID'])
  delete process.env['HADAHOOP_NPM_PID']
  if (npmPid > 1) {
    const timer = setInterval(() => {
      try {
        process.kill(npmPid, 0)
      } catch {
        clearInterval(timer)
        process.kill(process.pid, 'SIGTERM')
      }
    }, 250)
    timer.unref()
  }
}
