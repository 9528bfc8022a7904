/** The selection of one folder; another folder begins with none. */
import { useState } from 'react'
import { noSelection, type Selection } from './selection.ts'

export type Select = (change: (before: Selection) => Selection) => void

export function useSelection(place: string): readonly [Selection, Select] {
  const [selection, select] = useState(noSelection)
  const [lastPlace, setLastPlace] = useState(place)
  if (place !== lastPlace) {
    setLastPlace(place)
    select(noSelection)
    return [noSelection, select]
  }
  return [selection, select]
}
