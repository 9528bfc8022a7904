import assert from 'node:assert/strict'
import test from 'node:test'
import { pathsAbove, treeRows } from './treeRows.ts'

const folders: Readonly<Record<string, readonly string[]>> = {
  '/': ['Photos', 'Work'],
  '/Photos': ['2023', '2024'],
  '/Work': [],
}
const rowsWith = (...open: string[]) => treeRows('All files', new Set(open), (path) => folders[path])

test('what is open shows its folders below it, at any depth', () => {
  assert.deepEqual(
    rowsWith('/', '/Photos').map(({ name, depth }) => `${' '.repeat(depth)}${name}`),
    ['All files', ' Photos', '  2023', '  2024', ' Work'],
  )
})

test('a closed folder hides all below it, whatever is open there', () => {
  assert.deepEqual(
    rowsWith('/Photos').map(({ path }) => path),
    ['/'],
  )
})

test('a folder without folders, and one that nobody has looked into, are told apart', () => {
  const told = rowsWith('/').map(({ path, hasFolders }) => [path, hasFolders])
  assert.deepEqual(told, [
    ['/', true],
    ['/Photos', true],
    ['/Work', false],
  ])
  assert.equal(rowsWith('/', '/Photos').find(({ path }) => path === '/Photos/2024')?.hasFolders, undefined)
})

test('the way to a folder begins at the root', () => {
  assert.deepEqual(pathsAbove(['Photos', '2024']), ['/', '/Photos'])
  assert.deepEqual(pathsAbove([]), [])
})
