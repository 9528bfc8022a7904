/** A thin bar while the engine is not heard; it goes by itself. */
import { connection } from '../api/live.ts'
import { useValue } from '../api/value.ts'
import classes from './ConnectionBar.module.css'

export function ConnectionBar() {
  const state = useValue(connection)
  return (
    <div role="status">
      {state === 'gone' ? (
        <p className={classes.bar}>
          Hadahoop on this machine does not answer. Start it again if it was stopped; this window goes on by itself.
        </p>
      ) : null}
    </div>
  )
}
