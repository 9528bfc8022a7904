/** The rubber band itself. */
import classes from './FileList.module.css'
import type { Band } from './useRubberBand.ts'

export function RubberBand({ band }: { readonly band: Band | null }) {
  return band === null ? null : <div className={classes.band} style={{ ...band }} aria-hidden />
}
