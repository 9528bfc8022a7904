/**
 * A hash of the computer's own id, so that two accounts on one computer are not taken for two disks. Only the hash leaves
 * this module: the id itself identifies the computer to anyone (systemd's machine-id(5) asks for exactly this). Computers
 * without an id are told apart by name and network cards; a random id in a file was rejected, since no place is common to
 * all accounts and writable for each.
 */
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { hostname, networkInterfaces } from 'node:os'
import { promisify } from 'node:util'
import { blake3, keyedBlake3 } from '../base/hash.ts'

const LABEL = blake3(Buffer.from('hadahoop machine 1'))
/** Overrides the id: tests and demos play several computers on one. */
const VARIABLE = 'HADAHOOP_MACHINE_ID'
const TOOL_TIMEOUT_MS = 5_000

const run = promisify(execFile)

/** 32 hexadecimal digits, the same for all accounts of a computer and over restarts. */
export async function machineHash(env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const id = env[VARIABLE] || (await systemId()) || cardsId()
  return hashMachineId(id)
}

export function hashMachineId(id: string): string {
  return keyedBlake3(LABEL, Buffer.from(id)).toString('hex', 0, 16)
}

async function systemId(): Promise<string | undefined> {
  switch (process.platform) {
    case 'darwin':
      return await idFromTool('ioreg', ['-rd1', '-c', 'IOPlatformExpertDevice'], /"IOPlatformUUID" = "([\w-]+)"/)
    case 'win32':
      return await idFromTool(
        'reg',
        ['query', 'HKLM\\SOFTWARE\\Microsoft\\Cryptography', '/v', 'MachineGuid', '/reg:64'],
        /MachineGuid\s+REG_SZ\s+([\w-]+)/,
      )
    default:
      return (await idFromFile('/etc/machine-id')) ?? (await idFromFile('/var/lib/dbus/machine-id'))
  }
}

/** 32 digits; while an image is being made the file says "uninitialized", and containers often lack it. */
async function idFromFile(path: string): Promise<string | undefined> {
  const text = await readFile(path, 'utf8').catch(() => '')
  return /^[0-9a-f]{32}$/.exec(text.trim())?.[0]
}

/** Without the tool, or its answer, there is no id; the caller has another way. */
async function idFromTool(tool: string, words: string[], pattern: RegExp): Promise<string | undefined> {
  const output = await run(tool, words, { timeout: TOOL_TIMEOUT_MS, windowsHide: true }).then(
    ({ stdout }) => stdout,
    () => '',
  )
  return pattern.exec(output)?.[1]
}

function cardsId(): string {
  const cards = Object.values(networkInterfaces()).flatMap((infos) =>
    (infos ?? []).filter(({ internal }) => !internal).map(({ mac }) => mac),
  )
  return [hostname(), ...new Set(cards)].sort().join(' ')
}
