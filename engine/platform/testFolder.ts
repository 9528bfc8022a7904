/** A temporary folder for one test, removed with everything in it when disposed. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface TestFolder extends Disposable {
  readonly path: string
}

export function testFolder(parent: string = tmpdir()): TestFolder {
  const path = mkdtempSync(join(parent, 'hadahoop-test-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true, maxRetries: 3 }) }
}
