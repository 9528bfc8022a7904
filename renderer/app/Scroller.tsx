/** The one area of a screen that scrolls, also by keyboard. */
import type { ReactNode } from 'react'
import classes from './Page.module.css'

export function Scroller({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  return (
    <div className={classes.scroller} role="region" aria-label={label} tabIndex={0}>
      {children}
    </div>
  )
}
