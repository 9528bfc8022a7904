import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { FakeSession, FakeWindow } from './testElectron.ts'
import { Windows } from './windows.ts'
import { openingBounds, type WindowState } from './windowState.ts'

const screen = { x: 0, y: 0, width: 1920, height: 1080 }

function opened(options: { kept?: WindowState; staysOpen?: boolean } = {}) {
  const made: FakeWindow[] = []
  const kept: WindowState[] = []
  const hidden: true[] = []
  class Recorded extends FakeWindow {
    constructor(options: ConstructorParameters<typeof FakeWindow>[0]) {
      super(options)
      made.push(this)
    }
  }
  const session = new FakeSession()
  const windows = new Windows({
    BrowserWindow: Recorded as never,
    screen: { getAllDisplays: () => [{ workArea: screen }] as never },
    session: session as never,
    preload: '/app/preload.cjs',
    icon: '/app/icon.png',
    isDark: true,
    keptState: () => options.kept,
    keepState: (state) => void kept.push(state),
    staysOpen: () => options.staysOpen ?? true,
    hidden: () => void hidden.push(true),
  })
  return { windows, made, kept, hidden, session }
}

test('every window is in a sandbox, isolated, without Node and webviews, under the app’s own session', () => {
  const { windows, made, session } = opened()
  windows.open()
  windows.openDrop()
  assert.equal(made.length, 2)
  for (const { options } of made) {
    const { webPreferences = {} } = options
    assert.equal(webPreferences.sandbox, true)
    assert.equal(webPreferences.contextIsolation, true)
    assert.equal(webPreferences.nodeIntegration, false)
    assert.equal(webPreferences.nodeIntegrationInWorker, false)
    assert.equal(webPreferences.nodeIntegrationInSubFrames, false)
    assert.equal(webPreferences.webviewTag, false)
    assert.equal(webPreferences.webSecurity, true)
    assert.equal(webPreferences.allowRunningInsecureContent, false)
    assert.equal(webPreferences.navigateOnDragDrop, false)
    assert.equal(webPreferences.preload, '/app/preload.cjs')
    assert.equal(webPreferences.session, session)
    assert.equal(options.show, false)
  }
})

test('windows show pages of the app only', () => {
  const { windows, made } = opened()
  windows.open('/health')
  windows.openDrop()
  assert.deepEqual(
    made.map(({ loaded }) => loaded),
    [['app://hadahoop/health'], ['app://hadahoop/drop']],
  )
})

test('closing hides the window while the app stays, keeps its place, and closes it when the app ends', () => {
  const { windows, made, kept, hidden } = opened()
  windows.open()
  made[0]?.emit('ready-to-show')
  assert.equal(made[0]?.visible, true)
  assert.equal(made[0]?.close(), false)
  assert.equal(made[0]?.visible, false)
  assert.equal(hidden.length, 1)
  assert.deepEqual(kept, [{ bounds: { x: 10, y: 20, width: 900, height: 700 }, maximized: false }])
  windows.open()
  assert.equal(made.length, 1, 'the same window comes back')
  assert.equal(made[0]?.visible, true)
  windows.letClose()
  assert.equal(made[0]?.close(), true)

  const alone = opened({ staysOpen: false })
  alone.windows.open()
  assert.equal(alone.made[0]?.close(), true, 'without a tray nothing would bring it back')
})

test('only web contents of its windows are its own, and not after they closed', () => {
  const { windows, made } = opened({ staysOpen: false })
  const window = windows.open() as unknown as FakeWindow
  const { id } = window.webContents
  assert(windows.owns(id))
  assert(!windows.owns(id + 1))
  made[0]?.close()
  assert(!windows.owns(id))
})

test('a screen that is asked for while the window is open is shown without loading it anew', () => {
  const { windows, made } = opened()
  windows.open()
  windows.open('/transfers')
  assert.equal(made[0]?.loaded.length, 1)
  assert.deepEqual(made[0]?.webContents.sent, [{ channel: 'show-screen', args: ['/transfers'] }])
})

test('a window opens where it was, unless no screen is there any more', () => {
  const kept = { bounds: { x: 100, y: 50, width: 800, height: 600 }, maximized: true }
  assert.deepEqual(openingBounds(kept, [screen]), kept)
  const unplugged = { bounds: { x: 2500, y: 50, width: 800, height: 600 }, maximized: false }
  assert.deepEqual(openingBounds(unplugged, [screen]).bounds, { width: 1280, height: 800 })
  assert.deepEqual(openingBounds(unplugged, [screen, { ...screen, x: 1920 }]), unplugged)
  assert.deepEqual(openingBounds(undefined, [screen]), { bounds: { width: 1280, height: 800 }, maximized: false })
})

test('wherever it was, its title bar can be taken hold of', () => {
  const coordinate = fc.integer({ min: -5000, max: 5000 })
  const size = fc.integer({ min: 1, max: 5000 })
  fc.assert(
    fc.property(coordinate, coordinate, size, size, (x, y, width, height) => {
      const { bounds } = openingBounds({ bounds: { x, y, width, height }, maximized: false }, [screen])
      if (bounds.x === undefined || bounds.y === undefined) return // where the system puts it
      assert(bounds.y >= -32 && bounds.y < screen.height)
      assert(bounds.x < screen.width - 100 && bounds.x + width > 100)
    }),
  )
})
