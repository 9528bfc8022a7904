/** The first minute: a new pool or one that exists, then name, place and space of this machine, filled in already. */
import { Text, Title } from '@mantine/core'
import { useValue } from '../api/value.ts'
import classes from './FirstRun.module.css'
import { JoinPool } from './JoinPool.tsx'
import { NewPool } from './NewPool.tsx'
import { settingUp } from './settingUp.ts'
import { ThisMachine } from './ThisMachine.tsx'

export function FirstRun() {
  const inPool = useValue(settingUp)
  return (
    <main className={classes.page}>
      <div className={classes.content}>
        <img src="/icon.svg" alt="" width={56} height={56} />
        {inPool ? (
          <ThisMachine />
        ) : (
          <>
            <Title order={1} className={classes.title}>
              Make your computers one safe disk
            </Title>
            <Text c="dimmed" maw={520} ta="center" style={{ textWrap: 'balance' }}>
              What you put in is kept on several machines and can be opened on each of them, whichever is switched off.
              Every machine of a pool sees everything in it.
            </Text>
            <div className={classes.cards}>
              <NewPool />
              <JoinPool />
            </div>
          </>
        )}
      </div>
    </main>
  )
}
