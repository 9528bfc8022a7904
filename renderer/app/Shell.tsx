/** Rail, screen, and what floats above every screen: palette, shortcuts, drop target. */
import { useHotkeys } from '@mantine/hooks'
import { lazy, Suspense, useEffect, useState } from 'react'
import type { Pool } from '../../shared/index.ts'
import { DropTarget } from '../transfers/DropTarget.tsx'
import { FilesScreen } from '../files/FilesScreen.tsx'
import { SearchScreen } from '../search/SearchScreen.tsx'
import { TransfersScreen } from '../transfers/TransfersScreen.tsx'
import { TrashScreen } from '../trash/TrashScreen.tsx'
import { navigate, type Screen, useAddress } from './address.ts'
import { Palette, openPalette } from './Palette.tsx'
import { Rail, railScreens } from './Rail.tsx'
import { Shortcuts } from './Shortcuts.tsx'
import { undoLast } from './undo.ts'
import classes from './Shell.module.css'

const HealthScreen = lazy(() => import('../health/HealthScreen.tsx'))
const MachinesScreen = lazy(() => import('../machines/MachinesScreen.tsx'))
const SettingsScreen = lazy(() => import('../settings/SettingsScreen.tsx'))

const screenViews: Readonly<Record<Screen, () => React.JSX.Element>> = {
  files: () => <FilesScreen />,
  search: () => <SearchScreen />,
  transfers: () => <TransfersScreen />,
  health: () => <HealthScreen />,
  machines: () => <MachinesScreen />,
  trash: () => <TrashScreen />,
  settings: () => <SettingsScreen />,
}

export function Shell({ pool }: { readonly pool: Pool }) {
  const { screen, folder } = useAddress()
  const [shortcutsShown, showShortcuts] = useState(false)
  useHotkeys([
    ['mod+Z', () => void undoLast()],
    ['shift+?', () => showShortcuts(true)],
    ['?', () => showShortcuts(true)],
  ])
  useEffect(() => window.desktop?.onShowScreen((address) => navigate(address)), [])
  // Also from within a text box.
  useHotkeys(
    [
      ['mod+K', openPalette],
      ...railScreens.map(({ to }, at): [string, () => void] => [`mod+${at + 1}`, () => navigate(to)]),
    ],
    [],
  )
  return (
    <div className={classes.shell}>
      <Rail pool={pool} screen={screen} />
      <main className={classes.main}>
        <DropTarget folder={folder}>
          <Suspense fallback={null}>{screenViews[screen]()}</Suspense>
        </DropTarget>
      </main>
      <Palette onShortcuts={() => showShortcuts(true)} />
      <Shortcuts opened={shortcutsShown} onClose={() => showShortcuts(false)} />
    </div>
  )
}
