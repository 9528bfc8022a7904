import assert from 'node:assert/strict'
import type { NetworkInterfaceInfo } from 'node:os'
import { test } from 'node:test'
import { isEngineError } from '../base/error.ts'
import { formatAddress, parseAddress, reachableAddresses } from './address.ts'

test('addresses are read as people and nodes write them', () => {
  assert.deepEqual(parseAddress('192.168.1.20:47100'), { host: '192.168.1.20', port: 47_100 })
  assert.deepEqual(parseAddress('[fd00::20]:1'), { host: 'fd00::20', port: 1 })
  assert.deepEqual(parseAddress('[fe80::1%eth0]:1'), { host: 'fe80::1%eth0', port: 1 })
  assert.deepEqual(parseAddress('nas.local:65535'), { host: 'nas.local', port: 65_535 })
  for (const text of [
    '',
    'nas',
    'nas:',
    'nas:0',
    'nas:65536',
    ':1',
    'fd00::20:1',
    '[nas]:1',
    'a b:1',
    'u@h:1',
    'http://h:1',
    'h:1/x',
  ]) {
    assert.throws(
      () => parseAddress(text),
      (error) => isEngineError(error, 'bad-address'),
      text,
    )
  }
})

test('addresses are written so that they are read back', () => {
  assert.equal(formatAddress('::ffff:10.0.0.1', 5), '10.0.0.1:5')
  assert.equal(formatAddress('fd00::1', 5), '[fd00::1]:5')
  assert.equal(formatAddress('fe80::1%eth0', 5), '[fe80::1%eth0]:5')
  assert.equal(formatAddress('nas.local', 5), 'nas.local:5')
})

const info = (address: string, internal = false) =>
  ({ address, internal, family: address.includes(':') ? 'IPv6' : 'IPv4' }) as NetworkInterfaceInfo
const interfaces = {
  lo: [info('127.0.0.1', true), info('::1', true)],
  docker0: [info('172.17.0.1')],
  eth0: [info('192.168.1.5'), info('fd00::5'), info('fe80::5')],
}

test('the most likely address comes first', () => {
  assert.deepEqual(reachableAddresses(interfaces, '::', 9), ['192.168.1.5:9', '[fd00::5]:9', '172.17.0.1:9'])
  assert.deepEqual(reachableAddresses(interfaces, '0.0.0.0', 9), ['192.168.1.5:9', '172.17.0.1:9'])
})

test('loopback is named only without anything else, or when asked for', () => {
  assert.deepEqual(reachableAddresses({ lo: interfaces.lo }, '::', 9), ['127.0.0.1:9', '[::1]:9'])
  assert.deepEqual(reachableAddresses(interfaces, '127.0.0.1', 9), ['127.0.0.1:9'])
  assert.deepEqual(reachableAddresses(interfaces, '::1', 9), ['[::1]:9'])
})
