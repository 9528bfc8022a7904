/**
 * Whether the network is paid for by the byte, as far as the system says: Linux by NetworkManager, Windows by its connection profile.
 * macOS tells no program that asks from outside, so there it counts as free. Not knowing is no.
 */
import { execFile } from 'node:child_process'

const askMaxMs = 10_000

const questions: Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>> = {
  linux: [
    'busctl',
    'get-property',
    'org.freedesktop.NetworkManager',
    '/org/freedesktop/NetworkManager',
    'org.freedesktop.NetworkManager',
    'Metered',
  ],
  win32: [
    'powershell.exe',
    '-NoProfile',
    '-NonInteractive',
    '-Command',
    '[void][Windows.Networking.Connectivity.NetworkInformation,Windows,ContentType=WindowsRuntime];' +
      '[Windows.Networking.Connectivity.NetworkInformation]::GetInternetConnectionProfile().GetConnectionCost().NetworkCostType',
  ],
}

/** What the system answered, read. NetworkManager: `u 1` yes, `u 3` guessed yes. Windows: Fixed and Variable cost. */
export function readMetered(platform: string, answer: string): boolean {
  const text = answer.trim()
  if (platform === 'linux') return /^u (?:1|3)$/.test(text)
  return platform === 'win32' && /^(?:Fixed|Variable)$/.test(text)
}

export async function isMetered(platform: NodeJS.Platform = process.platform): Promise<boolean> {
  const question = questions[platform]
  if (question === undefined) return false
  const [command, ...args] = question
  return await new Promise((resolve) => {
    execFile(command, args, { timeout: askMaxMs, windowsHide: true }, (error, answer) =>
      resolve(error === null && readMetered(platform, answer)),
    )
  })
}
