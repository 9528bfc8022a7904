/** A Disk for tests of this folder: files in a map, with their modes. */
import assert from 'node:assert/strict'
import { EngineError } from '../base/error.ts'
import type { Disk } from '../ports.ts'

export interface MemoryDisk extends Disk {
  readonly files: Map<string, { data: Buffer; mode: number | undefined; durable: boolean }>
}

export function memoryDisk(): MemoryDisk {
  const files: MemoryDisk['files'] = new Map()
  const existing = (path: string) => {
    const file = files.get(path)
    if (file === undefined) throw new EngineError('no-file', path)
    return file
  }
  const store = async (path: string, data: Uint8Array, mode: number | undefined, durable: boolean) => {
    files.set(path, { data: Buffer.from(data), mode, durable })
  }
  return {
    files,
    read: async (path) => existing(path).data,
    writeDurable: (path, data, options) => store(path, data, options?.mode, true),
    write: (path, data, options) => store(path, data, options?.mode, false),
    async remove(path) {
      existing(path)
      files.delete(path)
    },
    list: async () => [...files.keys()].sort(),
    sizeBytes: async (path) => existing(path).data.length,
    freeBytes: async () => 2 ** 40,
    openDatabase: () => assert.fail('no databases here'),
  }
}
