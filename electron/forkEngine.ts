/** The engine's process as Electron starts it: below the app, with a channel of messages, its output in the app's own. */
import type { UtilityProcess } from 'electron'
import type { EngineChild } from './engineHost.ts'

interface Forker {
  fork(modulePath: string, args?: string[], options?: Electron.ForkOptions): UtilityProcess
}

export function forkEngine(utilityProcess: Forker, modulePath: string): EngineChild {
  const child = utilityProcess.fork(modulePath, [], { serviceName: 'Hadahoop engine', stdio: 'inherit' })
  return {
    post: (message) => child.postMessage(message),
    onMessage: (listener) => void child.on('message', listener),
    onExit: (listener) => void child.once('exit', listener),
    kill: () => void child.kill(),
  }
}
