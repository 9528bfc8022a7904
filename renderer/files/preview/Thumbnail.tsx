/** A small picture of a picture in the details; other files have none. */
import { useState } from 'react'
import type { Entry } from '../../../shared/index.ts'
import { contentAddress } from '../actions.ts'
import { previewKindOf } from './kinds.ts'
import classes from './Preview.module.css'

/** Larger ones are not fetched unasked: they may come from another machine. */
const largestBytes = 20_000_000

export function Thumbnail({ entry, onOpen }: { readonly entry: Entry; readonly onOpen: () => void }) {
  const [failed, setFailed] = useState<string | null>(null)
  const address = contentAddress(entry)
  if (previewKindOf(entry.name) !== 'picture' || (entry.size ?? 0) > largestBytes || failed === address) return null
  return (
    <button type="button" className={classes.thumbnail} onClick={onOpen} aria-label={`Preview of ${entry.name}`}>
      <img src={address} alt="" onError={() => setFailed(address)} />
    </button>
  )
}
