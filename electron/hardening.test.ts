import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hardenAllContents, hardenSession } from './hardening.ts'
import { FakeApp, FakeContents, FakeSession } from './testElectron.ts'

function guarded() {
  const app = new FakeApp()
  const contents = new FakeContents()
  const outside: string[] = []
  hardenAllContents(
    app as never,
    (url) => void outside.push(url),
    () => void outside.push('licences'),
  )
  app.emit('web-contents-created', {}, contents)
  /** True if the page may go there. */
  const goes = (event: string, url: string, isMainFrame = true): boolean => {
    let prevented = false
    contents.emit(event, { url, isMainFrame, preventDefault: () => (prevented = true) })
    return !prevented
  }
  return { contents, outside, goes }
}

test('a window stays on the pages of the app', () => {
  const { goes } = guarded()
  for (const event of ['will-frame-navigate', 'will-navigate', 'will-redirect']) {
    for (const own of [
      'app://hadahoop/',
      'app://hadahoop/files/Photos',
      'app://hadahoop/settings',
      'app://hadahoop/drop',
    ])
      assert(goes(event, own), `${event} ${own}`)
    for (const foreign of [
      'https://example.com/',
      'http://127.0.0.1:4711/',
      'file:///etc/passwd',
      'data:text/html,<script>1</script>',
      'javascript:alert(1)',
      'app://other/',
      'app://hadahoop.example.com/',
      'app://hadahoop/v1/files/evil.html',
    ])
      assert(!goes(event, foreign), `${event} ${foreign}`)
  }
})

test('a frame may show contents of the pool and nothing foreign', () => {
  const { goes } = guarded()
  assert(goes('will-frame-navigate', 'app://hadahoop/v1/files/report.html', false))
  assert(!goes('will-frame-navigate', 'https://example.com/', false))
  assert(!goes('will-redirect', 'https://example.com/', false))
})

test('nothing opens a window; links to known hosts open in the browser, others nowhere', () => {
  const { contents, outside, goes } = guarded()
  const open = (url: string) => contents.windowOpenHandler?.({ url } as never)
  for (const url of [
    'app://hadahoop/files',
    'https://github.com/hadahoop',
    'http://github.com/',
    'https://evil.example/',
    'https://user@github.com/',
    'https://github.com:444/',
    'file:///etc/passwd',
    'smb://host/share',
    'not an address',
  ])
    assert.deepEqual(open(url), { action: 'deny' }, url)
  assert.deepEqual(outside, ['https://github.com/hadahoop'])
  assert.deepEqual(open('app://hadahoop/licences.txt'), { action: 'deny' })
  assert.equal(outside.pop(), 'licences')
  goes('will-frame-navigate', 'https://nodejs.org/en')
  goes('will-frame-navigate', 'https://nodejs.org/from-a-frame', false)
  assert.deepEqual(outside.slice(1), ['https://nodejs.org/en'])
})

test('no page can embed a webview', () => {
  const { contents } = guarded()
  let prevented = false
  contents.emit('will-attach-webview', { preventDefault: () => (prevented = true) })
  assert(prevented)
})

test('permissions are refused, but for what the window itself needs', () => {
  const session = new FakeSession()
  hardenSession(session as never)
  const asked = (permission: string, requestingUrl = 'app://hadahoop/files', isMainFrame = true) => {
    let granted: boolean | undefined
    session.requestHandler?.({} as never, permission as never, (answer) => (granted = answer), {
      requestingUrl,
      isMainFrame,
    })
    const checked = session.checkHandler?.(null, permission as never, requestingUrl, { isMainFrame })
    assert.equal(checked, granted, permission)
    return granted
  }
  for (const permission of [
    'media',
    'geolocation',
    'notifications',
    'clipboard-read',
    'openExternal',
    'fileSystem',
    'usb',
    'hid',
    'serial',
    'midi',
    'display-capture',
    'local-network-access',
    'unknown',
  ])
    assert.equal(asked(permission), false, permission)
  for (const permission of ['clipboard-sanitized-write', 'fullscreen']) {
    assert.equal(asked(permission), true, permission)
    assert.equal(asked(permission, 'https://example.com/'), false, `${permission} from elsewhere`)
    assert.equal(asked(permission, 'app://hadahoop/v1/files/a.html', false), false, `${permission} from a frame`)
  }
  assert.equal(session.deviceHandler?.({} as never), false)
})

test('a page loads nothing from anywhere else', () => {
  const session = new FakeSession()
  hardenSession(session as never)
  const loads = (url: string): boolean => {
    let cancelled: boolean | undefined
    session.beforeRequest?.({ url }, ({ cancel }) => (cancelled = cancel))
    return cancelled === false
  }
  for (const own of ['app://hadahoop/', 'app://hadahoop/v1/events', 'data:image/png;base64,', 'blob:app://hadahoop/1'])
    assert(loads(own), own)
  for (const foreign of [
    'https://example.com/x.js',
    'http://127.0.0.1/',
    'ws://127.0.0.1/',
    'file:///etc/passwd',
    'blob:https://example.com/1',
    'app://hadahoop.evil/',
  ])
    assert(!loads(foreign), foreign)
})
