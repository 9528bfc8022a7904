// Newer releases, with a stand-in for electron-updater: nobody is asked unless an address is named, and never for an older one.
import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { registerHooks } from 'node:module'
import { after, test } from 'node:test'
import { lookForUpdates } from './updates.ts'

class Updater extends EventEmitter {
  feed: unknown
  allowDowngrade = true
  looks = 0
  isDown = false
  setFeedURL(feed: unknown): void {
    this.feed = feed
  }
  async checkForUpdates(): Promise<void> {
    this.looks++
    if (this.isDown) throw new Error('no such host')
  }
}

const global = globalThis as { standInUpdater?: Updater }
const source = 'data:text/javascript,export default { autoUpdater: globalThis.standInUpdater }'
const hooks = registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'electron-updater' ? { url: source, shortCircuit: true } : next(specifier, context),
})
after(() => hooks.deregister())

test('nobody is asked while no address is named; then only for newer ones, and failures are noted', async () => {
  const updater = new Updater()
  global.standInUpdater = updater
  const [ready, logged]: string[][] = [[], []]
  const parts = {
    onReady: (version: string) => void ready?.push(version),
    log: (line: string) => void logged?.push(line),
  }
  assert.equal(await lookForUpdates({ url: null, ...parts }), undefined)
  assert.equal(updater.looks, 0)

  const updates = await lookForUpdates({ url: 'https://example.com/releases', ...parts })
  assert.deepEqual(updater.feed, { provider: 'generic', url: 'https://example.com/releases' })
  assert.equal(updater.allowDowngrade, false)
  assert.equal(updater.looks, 1)
  updater.emit('update-downloaded', { version: '9.9.9' })
  assert.deepEqual(ready, ['9.9.9'])
  updater.isDown = true
  await updates?.look()
  updater.emit('error', new Error('cut off'))
  assert.deepEqual(logged, ['updates: Error: no such host', 'updates: cut off'])
})
