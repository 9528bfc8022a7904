/** Settings in short sections; each is saved as it changes, and says what follows from it. */
import { useQuery } from '@tanstack/react-query'
import { wordsOf } from '../api/client.ts'
import { settingsQuery } from '../api/queries.ts'
import { Message } from '../app/Message.tsx'
import page from '../app/Page.module.css'
import { Scroller } from '../app/Scroller.tsx'
import { TopBar } from '../app/TopBar.tsx'
import { About } from './About.tsx'
import { Checks } from './Checks.tsx'
import { LinkedFolders } from './LinkedFolders.tsx'
import { Log } from './Log.tsx'
import { PoolSettings } from './PoolSettings.tsx'
import { ThisComputer } from './ThisComputer.tsx'
import { ThisWindow } from './ThisWindow.tsx'

export default function SettingsScreen() {
  const settings = useQuery(settingsQuery)
  return (
    <>
      <TopBar title="Settings" />
      <Scroller label="All settings">
        <div className={page.narrow}>
          {settings.isError ? (
            <Message
              title="The pool’s settings cannot be shown"
              text={wordsOf(settings.error)}
              onRetry={() => void settings.refetch()}
            />
          ) : settings.data === undefined ? null : (
            <PoolSettings settings={settings.data} />
          )}
          <LinkedFolders />
          <ThisComputer />
          <ThisWindow />
          <Checks />
          <Log />
          <About />
        </div>
      </Scroller>
    </>
  )
}
