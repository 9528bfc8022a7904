/**
 * The sign in the system's tray: how the pool is, in a word and a colour, and the way to the window, the drop window and the end.
 * A description of what it shows; shell.ts puts it there.
 */
import type { MenuItemConstructorOptions } from 'electron'
import type { EngineState } from '../shared/desktop.ts'
import type { PoolFacts } from './notices.ts'

export type TrayLook = 'well' | 'busy' | 'bad' | 'asleep'

export interface TrayFace {
  readonly look: TrayLook
  /** One line: tooltip and first item of the menu. */
  readonly line: string
}

/** What the tray says of engine and pool; `facts` are undefined until something is known. */
export function trayFace(engine: EngineState, facts: PoolFacts | undefined): TrayFace {
  if (engine.state === 'failed') return { look: 'bad', line: engine.problem?.message ?? 'The engine does not run' }
  if (engine.state !== 'running') return { look: 'asleep', line: 'Starting …' }
  if (facts === undefined) return { look: 'asleep', line: 'Looking …' }
  const there = facts.machines.filter(({ state }) => state === 'online' || state === 'suspect').length
  const all = facts.machines.filter(({ state }) => state !== 'removed').length
  const machines = all <= 1 ? '' : ` · ${there} of ${all} machines`
  switch (facts.state) {
    case 'no-pool':
      return { look: 'asleep', line: 'In no pool yet' }
    case 'protected':
      return { look: 'well', line: `All protected${machines}` }
    case 'copying':
      return { look: 'busy', line: `Copies are being made${machines}` }
    case 'degraded':
      return { look: 'busy', line: `Some files lack a copy${machines}` }
    case 'at-risk':
    case 'unreachable':
    case 'lost':
      return { look: 'bad', line: `${riskWords[facts.state]}${machines}` }
  }
}

const riskWords = { 'at-risk': 'Files at risk', unreachable: 'Files out of reach', lost: 'Files lost' } as const

export interface TrayActions {
  open(): void
  openDropWindow(): void
  quit(): void
}

export function trayMenu(face: TrayFace, actions: TrayActions): MenuItemConstructorOptions[] {
  return [
    { label: face.line, enabled: false },
    { type: 'separator' },
    { label: 'Open Hadahoop', click: () => actions.open() },
    { label: 'Drop files …', click: () => actions.openDropWindow() },
    { type: 'separator' },
    { label: 'Quit', click: () => actions.quit() },
  ]
}
