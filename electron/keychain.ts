/**
 * The key to the node's secrets, itself kept by the system's keychain (Electron's safeStorage). The data folder holds it encrypted,
 * in `keychain.json`; only this account on this computer can decrypt it, so a copied folder or a stolen disk opens nothing. Where
 * the system has no safe place (Linux without a keyring: `basic_text` is a constant in Chromium's source) there is no key, and
 * secrets lie in files that only their owner can read, as before.
 */
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { SafeStorage } from 'electron'
import { z } from 'zod'
import { readJson, writeJson } from './jsonFile.ts'
import { ShellFailure } from './words.ts'

const keychainFile = 'keychain.json'
const keyBytes = 32
const stored = z.object({ format: z.literal(1), encryptedKey: z.string() })
const unsafeBackends: ReadonlySet<string> = new Set(['basic_text', 'unknown'])

export interface KeychainParts {
  readonly safeStorage: Pick<
    SafeStorage,
    'isAsyncEncryptionAvailable' | 'encryptStringAsync' | 'decryptStringAsync' | 'getSelectedStorageBackend'
  >
  readonly platform: NodeJS.Platform
  readonly dataDir: string
}

/**
 * The key, made at the first call; undefined where the system keeps none safely. Throws ShellFailure `secrets-key` where one was made
 * and the keychain does not give it back.
 */
export async function secretsKey({ safeStorage, platform, dataDir }: KeychainParts): Promise<Buffer | undefined> {
  const file = join(dataDir, keychainFile)
  const isReal =
    (await safeStorage.isAsyncEncryptionAvailable()) &&
    (platform !== 'linux' || !unsafeBackends.has(safeStorage.getSelectedStorageBackend()))
  const kept = readJson(file, stored)
  if (kept === undefined && existsSync(file)) throw lostKey(`${file} is damaged`)
  if (!isReal) {
    if (kept !== undefined) throw lostKey('The keychain of this account cannot be reached')
    return undefined
  }
  if (kept === undefined) {
    const key = randomBytes(keyBytes)
    const encrypted = await safeStorage.encryptStringAsync(key.toString('base64url'))
    writeJson(file, { format: 1, encryptedKey: encrypted.toString('base64') })
    return key
  }
  let text: string
  let again: boolean
  try {
    const { result, shouldReEncrypt } = await safeStorage.decryptStringAsync(Buffer.from(kept.encryptedKey, 'base64'))
    text = result
    again = shouldReEncrypt
  } catch (error) {
    throw lostKey(`The keychain of this account does not open it (${String(error)})`)
  }
  const key = Buffer.from(text, 'base64url')
  if (key.length !== keyBytes) throw lostKey(`${file} holds no key`)
  if (again) {
    const encrypted = await safeStorage.encryptStringAsync(text)
    writeJson(file, { format: 1, encryptedKey: encrypted.toString('base64') })
  }
  return key
}

function lostKey(why: string): ShellFailure {
  return new ShellFailure(
    'secrets-key',
    `The key to this machine’s secrets is not to be had: ${why}.`,
    'Log in as the account that set Hadahoop up and unlock its keychain, then start again.',
  )
}
