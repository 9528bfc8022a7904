/** Which of the four faces the window has: loading, logged out, without a pool, or the pool itself. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { wordsOf } from '../api/client.ts'
import { listen } from '../api/live.ts'
import { poolQuery } from '../api/queries.ts'
import { login, session } from '../api/session.ts'
import { useValue } from '../api/value.ts'
import { FirstRun } from '../firstRun/FirstRun.tsx'
import { settingUp } from '../firstRun/settingUp.ts'
import { ConnectionBar } from './ConnectionBar.tsx'
import { Login } from './Login.tsx'
import { Message } from './Message.tsx'
import { Shell } from './Shell.tsx'

void login()

export function App() {
  const state = useValue(session)
  if (state === 'asking') return null
  return state === 'out' ? <Login /> : <LoggedIn />
}

function LoggedIn() {
  const client = useQueryClient()
  useEffect(() => listen(client), [client])
  const pool = useQuery(poolQuery)
  const isSettingUp = useValue(settingUp)
  const name = pool.data?.name
  useEffect(() => {
    document.title = name === undefined ? 'Hadahoop' : `${name} – Hadahoop`
  }, [name])
  return (
    <>
      <ConnectionBar />
      {isSettingUp || pool.data === null ? (
        <FirstRun />
      ) : pool.data ? (
        <Shell pool={pool.data} />
      ) : pool.isError ? (
        <Message title="The pool cannot be shown" text={wordsOf(pool.error)} onRetry={() => void pool.refetch()} />
      ) : null}
    </>
  )
}
