/** A thin bar while the engine is not heard; it goes by itself. In the desktop app it says what the app knows of its engine. */
import { useEffect, useState } from 'react'
import type { EngineState } from '../../shared/desktop.ts'
import { connection } from '../api/live.ts'
import { useValue } from '../api/value.ts'
import classes from './ConnectionBar.module.css'

export function ConnectionBar() {
  const state = useValue(connection)
  const engine = useEngine()
  return <div role="status">{state === 'gone' ? <p className={classes.bar}>{sentence(engine)}</p> : null}</div>
}

/** Undefined in a browser, which has nobody to ask. */
function useEngine(): EngineState | undefined {
  const [engine, setEngine] = useState<EngineState>()
  useEffect(() => {
    const { desktop } = window
    if (desktop === undefined) return
    desktop.engineState().then(setEngine, () => undefined)
    return desktop.onEngineState(setEngine)
  }, [])
  return engine
}

function sentence(engine: EngineState | undefined): string {
  const goesOn = 'this window goes on by itself.'
  if (engine === undefined) {
    return `Hadahoop on this machine does not answer. Start it again if it was stopped; ${goesOn}`
  }
  const { problem } = engine
  if (engine.state === 'failed' && problem !== undefined) {
    return `Hadahoop cannot run: ${[problem.message, problem.hint].filter(Boolean).join('. ')}`
  }
  return `Hadahoop is starting again; ${goesOn}`
}
