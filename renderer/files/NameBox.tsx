/** The box in which a name is edited in place: Enter or leaving takes it, Escape does not. */
import { TextInput } from '@mantine/core'
import { useState } from 'react'
import type { Entry } from '../../shared/index.ts'
import classes from './FileList.module.css'
import { splitName } from './names.ts'

export function NameBox({ entry, onDone }: { readonly entry: Entry; readonly onDone: (name: string | null) => void }) {
  const [name, setName] = useState(entry.name)
  return (
    <TextInput
      className={classes.nameBox}
      size="xs"
      aria-label={`New name of ${entry.name}`}
      value={name}
      autoFocus
      spellCheck={false}
      onFocus={({ currentTarget }) => {
        const end = entry.kind === 'file' ? splitName(entry.name)[0].length : entry.name.length
        currentTarget.setSelectionRange(0, end)
      }}
      onChange={(event) => setName(event.currentTarget.value)}
      onBlur={() => onDone(name)}
      onClick={(event) => event.stopPropagation()}
      onKeyDown={(event) => {
        event.stopPropagation()
        if (event.key === 'Enter') onDone(name)
        else if (event.key === 'Escape') onDone(null)
      }}
    />
  )
}
