/** The left rail: screens, and at its foot the pool with its fill and its state in one word. */
import { Tooltip } from '@mantine/core'
import {
  IconActivityHeartbeat,
  IconArrowsUpDown,
  IconDevicesPc,
  IconFolder,
  IconSettings,
  IconTrash,
} from '@tabler/icons-react'
import type { Pool } from '../../shared/index.ts'
import { useActiveTransfers } from '../transfers/useActiveTransfers.ts'
import { countText } from '../words/sizes.ts'
import type { Screen } from './address.ts'
import { Link } from './Link.tsx'
import { PoolFoot } from './PoolFoot.tsx'
import classes from './Rail.module.css'

export const railScreens = [
  { screen: 'files', to: '/files', word: 'Files', icon: IconFolder },
  { screen: 'transfers', to: '/transfers', word: 'Transfers', icon: IconArrowsUpDown },
  { screen: 'health', to: '/health', word: 'Health', icon: IconActivityHeartbeat },
  { screen: 'machines', to: '/machines', word: 'Machines', icon: IconDevicesPc },
  { screen: 'trash', to: '/trash', word: 'Trash', icon: IconTrash },
  { screen: 'settings', to: '/settings', word: 'Settings', icon: IconSettings },
] as const

/** As in the style sheets: below it the rail is icons only. */
const wordsFromPx = 960

export function Rail({ pool, screen }: { readonly pool: Pool; readonly screen: Screen }) {
  const active = useActiveTransfers()
  return (
    <nav aria-label="Screens" className={classes.rail}>
      <Link to="/files" className={classes.brand} aria-label="Hadahoop, all files">
        <img src="/icon.svg" alt="" width={24} height={24} />
        <span className={classes.word}>Hadahoop</span>
      </Link>
      <div className={classes.screens}>
        {railScreens.map((each) => {
          const isHere = each.screen === screen || (screen === 'search' && each.screen === 'files')
          return (
            <Tooltip key={each.screen} label={each.word} position="right" disabled={window.innerWidth >= wordsFromPx}>
              <Link to={each.to} className={classes.item} aria-current={isHere ? 'page' : undefined}>
                <each.icon size={20} stroke={1.7} aria-hidden />
                <span className={classes.word}>{each.word}</span>
                {each.screen === 'transfers' && active > 0 ? (
                  <span className={classes.count}>{countText(active)}</span>
                ) : null}
              </Link>
            </Tooltip>
          )
        })}
      </div>
      <PoolFoot pool={pool} />
    </nav>
  )
}
