/**
 * The node's secret files (identity.json, pool.json), wrapped with a key that the system's keychain keeps, where whoever starts the
 * node has one: a copied data folder then opens nothing. A layer over the Disk port, so that whoever reads or writes secrets
 * knows nothing of it. Without a key they lie open, readable by their owner, as a server without a keychain needs it. A wrapped
 * file without the key is an error and never replaced: a new identity would be a new node.
 */
import { createCipheriv, createDecipheriv } from 'node:crypto'
import { z } from 'zod'
import { Semaphore } from '../base/async.ts'
import { EngineError, isEngineError } from '../base/error.ts'
import type { Database, Disk, Random } from '../ports.ts'
import { damaged } from './damaged.ts'
import { IDENTITY_FILE } from './identity.ts'
import { POOL_FILE } from './poolFile.ts'

/** keychain: wrapped; file: open, readable by the owner of the folder. */
export type SecretsProtection = 'keychain' | 'file'

/** Says that a person wants open files although there is a key. */
const CHOICE_FILE = 'secrets.json'
/** One above what an older release knows of these files, so that it says that a newer one wrote them. */
const FORMAT = 2
const SECRET_MODE = 0o600
const NONCE_BYTES = 12
const TAG_BYTES = 16
const secretFiles: readonly string[] = [IDENTITY_FILE, POOL_FILE]

const wrappedSchema = z.object({ format: z.literal(FORMAT), wrapped: z.base64() })
const choiceSchema = z.object({ format: z.literal(1), protection: z.literal('file') })

export interface SecretFilesOptions {
  readonly disk: Disk
  readonly random: Random
  /** 32 bytes; undefined: nobody keeps one. */
  readonly key: Buffer | undefined
}

export class SecretFiles implements Disk {
  readonly #disk: Disk
  readonly #random: Random
  readonly #key: Buffer | undefined
  /** One rewriting at a time: of the files as a whole, or of one of them. */
  readonly #turn = new Semaphore(1)
  #protection: SecretsProtection

  private constructor({ disk, random, key }: SecretFilesOptions, protection: SecretsProtection) {
    this.#disk = disk
    this.#random = random
    this.#key = key
    this.#protection = protection
  }

  /**
   * Brings the files into the form that is wanted: wrapped where there is a key, unless a person chose otherwise. Throws
   * `secrets-wrapped` (wrapped, and no key), `secrets-key` (another key wrapped them), `damaged-file`.
   */
  static async open(options: SecretFilesOptions): Promise<SecretFiles> {
    const chosen = await readChoice(options.disk)
    const files = new SecretFiles(options, options.key === undefined || chosen === 'file' ? 'file' : 'keychain')
    await files.#rewrite()
    return files
  }

  get protection(): SecretsProtection {
    return this.#protection
  }

  /** Whether there is a key to wrap with. */
  get hasKey(): boolean {
    return this.#key !== undefined
  }

  /** Wraps or unwraps the files now, and from now on. Durable. Throws `no-keychain`. */
  async protect(protection: SecretsProtection): Promise<void> {
    if (protection === 'keychain' && this.#key === undefined) {
      throw new EngineError('no-keychain', 'this node was started without a key from the keychain', {
        hint: 'Start it by the desktop app, on a system with a keychain.',
      })
    }
    if (protection === 'file') await writeChoice(this.#disk)
    else await forget(this.#disk, CHOICE_FILE)
    this.#protection = protection
    await this.#rewrite()
  }

  async read(path: string): Promise<Buffer> {
    const bytes = await this.#disk.read(path)
    return secretFiles.includes(path) ? this.#open(path, bytes) : bytes
  }

  async writeDurable(path: string, data: Uint8Array, options?: { readonly mode?: number }): Promise<void> {
    if (!secretFiles.includes(path)) {
      await this.#disk.writeDurable(path, data, options)
      return
    }
    await this.#alone(() => this.#disk.writeDurable(path, this.#inForm(path, data), options))
  }

  async #rewrite(): Promise<void> {
    await this.#alone(async () => {
      for (const path of secretFiles) {
        const bytes = await readIfThere(this.#disk, path)
        if (bytes === undefined) continue
        const isWrapped = wrappedIn(bytes) !== undefined
        const open = this.#open(path, bytes)
        if (isWrapped === (this.#protection === 'keychain')) continue
        await this.#disk.writeDurable(path, this.#inForm(path, open), { mode: SECRET_MODE })
      }
    })
  }

  #inForm(path: string, data: Uint8Array): Uint8Array {
    if (this.#protection === 'file' || this.#key === undefined) return data
    const nonce = this.#random.bytes(NONCE_BYTES)
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce).setAAD(Buffer.from(path))
    const sealed = Buffer.concat([nonce, cipher.update(data), cipher.final(), cipher.getAuthTag()])
    return Buffer.from(`${JSON.stringify({ format: FORMAT, wrapped: sealed.toString('base64') }, null, 2)}\n`)
  }

  #open(path: string, bytes: Buffer): Buffer {
    const sealed = wrappedIn(bytes)
    if (sealed === undefined) return bytes
    if (this.#key === undefined) {
      throw new EngineError(
        'secrets-wrapped',
        'the secrets of this node are wrapped with a key in this account’s keychain',
        {
          hint: 'Start it by the desktop app; to start it without, run `hadahoop secrets unwrap` while the app runs.',
        },
      )
    }
    if (sealed.length < NONCE_BYTES + TAG_BYTES) throw damaged(path, 'it is too short')
    const nonce = sealed.subarray(0, NONCE_BYTES)
    const decipher = createDecipheriv('aes-256-gcm', this.#key, nonce).setAAD(Buffer.from(path))
    decipher.setAuthTag(sealed.subarray(-TAG_BYTES))
    try {
      return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()])
    } catch (error) {
      throw new EngineError('secrets-key', `${path} was wrapped with another key, or is damaged`, {
        hint: 'Log in as the account that wrapped it, with its keychain; or put the file back from a backup.',
        cause: error,
      })
    }
  }

  async #alone<T>(work: () => Promise<T>): Promise<T> {
    const give = await this.#turn.take(1)
    try {
      return await work()
    } finally {
      give()
    }
  }

  // -------------------------------------------------------------- all else as it is

  async write(path: string, data: Uint8Array, options?: { readonly mode?: number }): Promise<void> {
    await this.#disk.write(path, data, options)
  }
  async remove(path: string): Promise<void> {
    await this.#disk.remove(path)
  }
  list(path: string): Promise<string[]> {
    return this.#disk.list(path)
  }
  sizeBytes(path: string): Promise<number> {
    return this.#disk.sizeBytes(path)
  }
  freeBytes(): Promise<number> {
    return this.#disk.freeBytes()
  }
  openDatabase(path: string): Database {
    return this.#disk.openDatabase(path)
  }
}

/** The sealed bytes of a wrapped file; undefined for any other, which its own reader judges. */
function wrappedIn(bytes: Buffer): Buffer | undefined {
  try {
    const parsed = wrappedSchema.safeParse(JSON.parse(bytes.toString('utf8')))
    return parsed.success ? Buffer.from(parsed.data.wrapped, 'base64') : undefined
  } catch {
    return undefined
  }
}

async function readChoice(disk: Disk): Promise<SecretsProtection | undefined> {
  const bytes = await readIfThere(disk, CHOICE_FILE)
  if (bytes === undefined) return undefined
  try {
    return choiceSchema.parse(JSON.parse(bytes.toString('utf8'))).protection
  } catch (error) {
    throw damaged(CHOICE_FILE, String(error), error)
  }
}

async function writeChoice(disk: Disk): Promise<void> {
  await disk.writeDurable(CHOICE_FILE, Buffer.from(`${JSON.stringify({ format: 1, protection: 'file' })}\n`))
}

async function readIfThere(disk: Disk, path: string): Promise<Buffer | undefined> {
  try {
    return await disk.read(path)
  } catch (error) {
    if (isEngineError(error, 'no-file')) return undefined
    throw error
  }
}

async function forget(disk: Disk, path: string): Promise<void> {
  try {
    await disk.remove(path)
  } catch (error) {
    if (!isEngineError(error, 'no-file')) throw error
  }
}
