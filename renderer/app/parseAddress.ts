/**
 * Addresses and screens: `/files/Photos/2024` is the folder Photos/2024. Names stand percent-encoded, each decoded once, as in the
 * API. Rejected: a router package, since names of files hold `%`, `;` and dots, which such packages decode, match or
 * normalise in ways of their own, and seven screens need no more than this.
 */
import { encodePath, parsePath } from '../../shared/paths.ts'

const screens = ['files', 'transfers', 'health', 'machines', 'trash', 'settings', 'search'] as const
export type Screen = (typeof screens)[number]

export interface Address {
  readonly screen: Screen
  /** Names of the folder; [] elsewhere and for the root. */
  readonly folder: readonly string[]
  readonly query: URLSearchParams
}

/** The screen of an address; what is none is the root folder. */
export function parseAddress(pathname: string, search: string): Address {
  const query = new URLSearchParams(search)
  const [, first = '', ...rest] = pathname.split('/')
  const screen = screens.find((name) => name === first) ?? 'files'
  return { screen, folder: screen === 'files' && first === 'files' ? folderOf(rest) : [], query }
}

function folderOf(segments: readonly string[]): readonly string[] {
  try {
    return parsePath(segments.filter((segment) => segment !== '').join('/'))
  } catch {
    return [] // typed by hand and no path
  }
}

export function folderAddress(names: readonly string[]): string {
  return names.length === 0 ? '/files' : `/files/${encodePath(names)}`
}
