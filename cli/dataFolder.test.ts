import assert from 'node:assert/strict'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import test from 'node:test'
import { dataFolder } from './dataFolder.ts'

test('the data folder: named, from the environment, or the platform’s', () => {
  const home = homedir()
  assert.equal(dataFolder('x', { HADAHOOP_DATA: '/y' }), resolve('x'))
  assert.equal(dataFolder(undefined, { HADAHOOP_DATA: '/y' }), resolve('/y'))
  assert.equal(dataFolder(undefined, {}, 'linux'), join(home, '.local', 'share', 'hadahoop'))
  assert.equal(dataFolder(undefined, { XDG_DATA_HOME: '/xdg' }, 'linux'), join('/xdg', 'hadahoop'))
  assert.equal(dataFolder(undefined, {}, 'darwin'), join(home, 'Library', 'Application Support', 'Hadahoop'))
  assert.equal(dataFolder(undefined, { LOCALAPPDATA: 'C:\\Local' }, 'win32'), join('C:\\Local', 'Hadahoop'))
})
