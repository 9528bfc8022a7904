/**
 * Hears of changes below a folder of this computer, by the operating system's own means. A hint only: what is heard may be late, doubled
 * or lost when too much happens at once, so whoever listens looks for itself and looks at everything again when told `lost`.
 */
import { relative, sep } from 'node:path'
import type { SubscribeCallback } from '@parcel/watcher'
import { EngineError, messageOf } from '../base/error.ts'
import type { LocalWatch } from '../ports.ts'

/** Named, since the package would else start a shell to look for a server of its own (watchman). */
const backends: Partial<Record<NodeJS.Platform, 'inotify' | 'fs-events' | 'windows'>> = {
  linux: 'inotify',
  darwin: 'fs-events',
  win32: 'windows',
}

/** Where no program can hear (no binary for this system, no more watches to be had): throws `watch-unavailable`. */
export async function watchFolder(path: string, heard: LocalWatch): Promise<AsyncDisposable> {
  try {
    const { default: watcher } = await import('@parcel/watcher')
    const backend = backends[process.platform]
    const listener: SubscribeCallback = (error, events) => {
      if (error !== null) return heard('lost')
      heard(events.map((event) => relative(path, event.path).replaceAll(sep, '/')))
    }
    const subscription = await watcher.subscribe(path, listener, backend === undefined ? {} : { backend })
    return { [Symbol.asyncDispose]: async () => await subscription.unsubscribe() }
  } catch (error) {
    throw new EngineError('watch-unavailable', `changes in ${path} cannot be heard: ${messageOf(error)}`, {
      hint: 'They are found all the same, by looking now and then.',
      cause: error,
    })
  }
}
