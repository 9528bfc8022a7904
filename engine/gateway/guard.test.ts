import assert from 'node:assert/strict'
import test from 'node:test'
import type { Clock } from '../ports.ts'
import { limits } from '../limits.ts'
import { Guard, type GuardOptions } from './guard.ts'
import { Sessions } from './sessions.ts'

let nowMs = 1_000_000
let drawn = 0
const clock = { nowMs: () => nowMs } as unknown as Clock
const random = { bytes: (count: number) => Buffer.alloc(count, ++drawn), fraction: () => 0 }
const newSessions = () => new Sessions({ clock, random, nodeId: 'n', secure: false })

function guardOf(options: Partial<GuardOptions> = {}, port = 4000): Guard {
  const guard = new Guard({
    scheme: 'http',
    host: '127.0.0.1',
    hostNames: [],
    token: 'secret',
    sessions: newSessions(),
    isOpen: (method, pathname) => method === 'GET' && pathname === '/',
    ...options,
  })
  guard.port = port
  return guard
}

function codeOf(guard: Guard, headers: Record<string, string>, method = 'GET', url = '/v1/pool'): string {
  return guard.refusal({ method, url, headers })?.code ?? 'in'
}

const token = { authorization: 'Bearer secret' }
const host = { host: '127.0.0.1:4000' }

test('only this node’s own addresses are served, with the right port', () => {
  const guard = guardOf()
  for (const own of ['127.0.0.1:4000', 'localhost:4000', 'LOCALHOST:4000', '[::1]:4000']) {
    assert.equal(codeOf(guard, { host: own, ...token }), 'in', own)
  }
  for (const foreign of [
    'evil.example:4000',
    '127.0.0.1',
    '127.0.0.1:4001',
    'localhost.evil.example:4000',
    '192.168.1.2:4000',
    '',
    '127.0.0.1:4000:4000',
    '127.0.0.1:4000@evil',
    'localhost:04000',
  ]) {
    assert.equal(codeOf(guard, { host: foreign, ...token }), 'foreign-host', foreign)
  }
  assert.equal(codeOf(guard, token), 'bad-request')
})

test('a node that listens everywhere takes any literal address but no foreign name', () => {
  const guard = guardOf({ host: '0.0.0.0', hostNames: ['nas.local'] })
  for (const own of ['192.168.1.2:4000', '[fe80::1]:4000', 'nas.local:4000'])
    assert.equal(codeOf(guard, { host: own, ...token }), 'in')
  assert.equal(codeOf(guard, { host: 'evil.example:4000', ...token }), 'foreign-host')
})

test('a port that is the scheme’s own may be left out', () => {
  assert.equal(codeOf(guardOf({}, 80), { host: 'localhost', ...token }), 'in')
  assert.equal(codeOf(guardOf({ scheme: 'https' }, 443), { host: 'localhost', ...token }), 'in')
  assert.equal(codeOf(guardOf({ scheme: 'https' }, 80), { host: 'localhost', ...token }), 'foreign-host')
})

test('foreign origins are refused whatever else they know, and before the token is looked at', () => {
  const guard = guardOf()
  for (const origin of ['http://127.0.0.1:4000', 'http://localhost:4000']) {
    assert.equal(codeOf(guard, { ...host, ...token, origin }), 'in', origin)
  }
  for (const origin of [
    'null',
    'http://evil.example',
    'https://127.0.0.1:4000',
    'http://127.0.0.1:4001',
    'file://',
    '',
  ]) {
    assert.equal(codeOf(guard, { ...host, ...token, origin }), 'foreign-origin', origin)
    assert.equal(codeOf(guard, { ...host, origin }, 'GET', '/'), 'foreign-origin', origin)
  }
  assert.equal(codeOf(guard, { host: 'evil.example:4000', origin: 'http://evil.example:4000' }), 'foreign-host')
})

test('a page of another port is refused though cookies ignore ports, but links may be followed', () => {
  const guard = guardOf()
  assert.equal(codeOf(guard, { ...host, ...token, 'sec-fetch-site': 'same-site' }), 'foreign-origin')
  assert.equal(
    codeOf(guard, {
      ...host,
      ...token,
      'sec-fetch-site': 'cross-site',
      'sec-fetch-mode': 'navigate',
      'sec-fetch-dest': 'iframe',
    }),
    'foreign-origin',
  )
  assert.equal(
    codeOf(
      guard,
      { ...host, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' },
      'GET',
      '/',
    ),
    'in',
  )
  assert.equal(codeOf(guard, { ...host, ...token, 'sec-fetch-site': 'same-origin' }), 'in')
  assert.equal(codeOf(guard, { ...host, ...token, 'sec-fetch-site': 'none' }), 'in')
})

test('all but the page and the login need the token', () => {
  const guard = guardOf()
  assert.equal(codeOf(guard, host, 'GET', '/'), 'in')
  assert.equal(codeOf(guard, host, 'GET', '/?x'), 'in')
  assert.equal(codeOf(guard, host, 'PUT', '/'), 'unauthorized')
  for (const authorization of [
    '',
    'secret',
    'Bearer',
    'Bearer ',
    'Bearer secre',
    'Bearer secret2',
    'Basic secret',
    'Bearer SECRET',
  ]) {
    assert.equal(codeOf(guard, { ...host, authorization }), 'unauthorized', authorization)
  }
  assert.equal(codeOf(guard, { ...host, authorization: 'bearer secret' }), 'in')
})

test('a login code works once, within five minutes, and gives a cookie that works until logout', () => {
  const sessions = newSessions()
  const guard = guardOf({ sessions })
  const { code } = sessions.newCode()
  const set = sessions.login(code) ?? ''
  assert.match(set, /^hadahoop-n=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/)
  assert.equal(sessions.login(code), undefined)
  const cookie = `other=1; ${set.split(';')[0]}`
  assert.equal(codeOf(guard, { ...host, cookie }), 'in')
  assert.equal(codeOf(guard, { ...host, cookie: 'hadahoop-n=x' }), 'unauthorized')
  assert.equal(codeOf(guard, { ...host, cookie: cookie.replace('hadahoop-n', 'hadahoop-m') }), 'unauthorized')
  sessions.logout(cookie)
  assert.equal(codeOf(guard, { ...host, cookie }), 'unauthorized')

  const late = sessions.newCode().code
  nowMs += limits.loginCodeLifetimeMs
  assert.equal(sessions.login(late), undefined)
})

test('codes and sessions are bounded; the oldest go', () => {
  const sessions = newSessions()
  const codes = Array.from({ length: limits.loginCodesMax + 1 }, () => sessions.newCode().code)
  assert.equal(sessions.login(codes[0]!), undefined)
  assert.notEqual(sessions.login(codes[1]!), undefined)
  const cookies = Array.from({ length: limits.sessionsMax + 1 }, () => sessions.login(sessions.newCode().code)!)
  assert.equal(sessions.has(cookies[0]), false)
  assert.equal(sessions.has(cookies[1]), true)
})
