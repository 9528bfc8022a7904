/**
 * Looks, before a node starts, whether the runtime has what the engine uses, so that an old Node, a stripped build or a
 * native module of another system is named in one sentence instead of failing somewhere deep. Imports nothing that could
 * fail itself, and may therefore be imported alone, before everything else.
 */
import { createCipheriv, generateKeyPairSync, hkdfSync } from 'node:crypto'
import { createRequire } from 'node:module'
import * as zlib from 'node:zlib'
import { EngineError, messageOf } from '../base/error.ts'

export interface Check {
  /** Completes "This runtime has no …". */
  readonly needs: string
  /** What to do, one sentence. */
  readonly hint: string
  /** Throws, or answers false, where it is missing. */
  readonly has: () => boolean
}

const NODE_MAJOR = 24
const SQLITE = [3, 45]

const runtime = `Run Hadahoop by "npm start", which brings the right Node, or install Node ${NODE_MAJOR} or later.`
const reinstall = 'Remove node_modules and install again on this computer: native modules are made for one system only.'
const require = createRequire(import.meta.url)

interface Sqlite {
  prepare(sql: string): { pluck(): { get(): unknown } }
  exec(sql: string): void
  close(): void
}

function openMemory(): Sqlite {
  return new (require('better-sqlite3') as new (path: string) => Sqlite)(':memory:')
}

const checks: readonly Check[] = [
  {
    needs: `Node ${NODE_MAJOR} or later (it is ${process.versions.node})`,
    hint: runtime,
    has: () => Number(process.versions.node.split('.')[0]) >= NODE_MAJOR,
  },
  {
    needs: 'AES-256-GCM',
    hint: runtime,
    has: () => createCipheriv('aes-256-gcm', Buffer.alloc(32), Buffer.alloc(12)).final().length === 0,
  },
  {
    needs: 'ECDSA with curve P-256',
    hint: runtime,
    has: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.asymmetricKeyType === 'ec',
  },
  {
    needs: 'HKDF with SHA-256',
    hint: runtime,
    has: () => hkdfSync('sha256', 'key', 'salt', 'label', 32).byteLength === 32,
  },
  {
    needs: 'Zstandard in node:zlib',
    hint: runtime,
    has: () => zlib.zstdDecompressSync(zlib.zstdCompressSync(Buffer.from('zstd'))).toString() === 'zstd',
  },
  {
    needs: 'WebAssembly',
    hint: runtime,
    has: () => 'WebAssembly' in globalThis,
  },
  { needs: 'shared memory between threads', hint: runtime, has: () => new SharedArrayBuffer(8).byteLength === 8 },
  {
    needs: `SQLite ${SQLITE.join('.')} or later with FTS5 (module better-sqlite3)`,
    hint: reinstall,
    has() {
      const database = openMemory()
      try {
        const [major = 0, minor = 0] = String(database.prepare('SELECT sqlite_version()').pluck().get())
          .split('.')
          .map(Number)
        database.exec(
          "CREATE VIRTUAL TABLE t USING fts5(name, tokenize = 'trigram'); CREATE TABLE s (id INTEGER) STRICT",
        )
        return major > 3 || (major === 3 && minor >= 45)
      } finally {
        database.close()
      }
    },
  },
  {
    needs: 'native BLAKE3 (module @napi-rs/blake-hash)',
    hint: reinstall,
    has() {
      const { Blake3Hasher } = require('@napi-rs/blake-hash') as typeof import('@napi-rs/blake-hash')
      // Of nothing at all: https://github.com/BLAKE3-team/BLAKE3/blob/master/test_vectors/test_vectors.json
      return new Blake3Hasher().digest('hex') === 'af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262'
    },
  },
]

/** One sentence for each thing that is missing; none where all is there. */
export function missingFeatures(of: readonly Check[] = checks): { text: string; hint: string }[] {
  return of.flatMap(({ needs, hint, has }) => {
    let why = ''
    try {
      if (has()) return []
    } catch (error) {
      why = ` (${messageOf(error).split('\n')[0]})`
    }
    return [{ text: `This runtime has no ${needs}${why}.`, hint }]
  })
}

/** Throws `runtime` with all that is missing. Takes about 15 ms. */
export function probeRuntime(of: readonly Check[] = checks): void {
  const missing = missingFeatures(of)
  if (missing.length === 0) return
  throw new EngineError('runtime', missing.map(({ text }) => text).join(' '), {
    hint: [...new Set(missing.map(({ hint }) => hint))].join(' '),
  })
}
