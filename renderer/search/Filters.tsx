/** Filters of a search, one chip each: what is chosen stands in the chip, and a click on it changes or ends it. */
import { Button, CloseButton, Menu } from '@mantine/core'
import { IconChevronDown } from '@tabler/icons-react'
import { navigate, useAddress } from '../app/address.ts'
import { useMachineFacts } from '../machines/machineFacts.ts'
import { fileStateLooks } from '../words/states.ts'
import classes from './SearchScreen.module.css'

interface Choice {
  readonly label: string
  readonly set: Readonly<Record<string, string>>
}

interface Filter {
  readonly word: string
  /** The parameters of the address that it sets. */
  readonly fields: readonly string[]
  readonly choices: readonly Choice[]
}

const dayMs = 24 * 60 * 60 * 1000

const types: Filter = {
  word: 'Type',
  fields: ['type', 'kind'],
  choices: [
    { label: 'Pictures', set: { type: 'image' } },
    { label: 'Videos', set: { type: 'video' } },
    { label: 'Music', set: { type: 'audio' } },
    { label: 'Documents', set: { type: 'document' } },
    { label: 'Archives', set: { type: 'archive' } },
    { label: 'Files', set: { kind: 'file' } },
    { label: 'Folders', set: { kind: 'folder' } },
  ],
}

const sizes: Filter = {
  word: 'Size',
  fields: ['minSize', 'maxSize'],
  choices: [
    { label: 'Up to 1 MB', set: { maxSize: '1000000' } },
    { label: '1 to 100 MB', set: { minSize: '1000000', maxSize: '100000000' } },
    { label: 'Over 100 MB', set: { minSize: '100000000' } },
    { label: 'Over 1 GB', set: { minSize: '1000000000' } },
  ],
}

const states: Filter = {
  word: 'State',
  fields: ['state'],
  choices: Object.entries(fileStateLooks).map(([state, { word }]) => ({ label: word, set: { state } })),
}

/** Whole days, so that the same choice is the same address. */
function dates(): Filter {
  const today = new Date()
  today.setHours(0, 0, 0, 0)
  const since = (days: number) => ({ after: new Date(today.getTime() - days * dayMs).toISOString() })
  return {
    word: 'Changed',
    fields: ['after', 'before'],
    choices: [
      { label: 'Today', set: since(0) },
      { label: 'In the last 7 days', set: since(7) },
      { label: 'In the last 30 days', set: since(30) },
      { label: 'In the last year', set: since(365) },
    ],
  }
}

export function Filters() {
  const machineFacts = useMachineFacts()
  const sites = [...new Set(machineFacts.map(({ site }) => site))].filter(Boolean)
  const machines: Filter = {
    word: 'Machine',
    fields: ['node', 'place'],
    choices: [
      ...sites.map((site) => ({ label: `All at ${site}`, set: { place: site } })),
      ...machineFacts.map(({ id, name }) => ({ label: name, set: { node: id } })),
    ],
  }
  const folder = useAddress().query.get('folder')
  const within: Filter = {
    word: 'In',
    fields: ['folder'],
    choices: folder === null ? [] : [{ label: folder, set: { folder } }],
  }
  return (
    <div className={classes.filters} role="group" aria-label="Filters">
      {[...(folder === null ? [] : [within]), types, sizes, dates(), machines, states].map((filter) => (
        <Chip key={filter.word} filter={filter} />
      ))}
    </div>
  )
}

function Chip({ filter }: { readonly filter: Filter }) {
  const { query } = useAddress()
  const change = (set: Readonly<Record<string, string>>): void => {
    const next = new URLSearchParams(query)
    for (const field of filter.fields) next.delete(field)
    for (const [field, value] of Object.entries(set)) next.set(field, value)
    navigate(`/search?${next}`, { replace: true })
  }
  const isSet = filter.fields.some((field) => query.has(field))
  const chosen = filter.choices.find(({ set }) =>
    filter.fields.every((field) => (set[field] ?? null) === query.get(field)),
  )
  return (
    <Menu position="bottom-start">
      <Button.Group>
        <Menu.Target>
          <Button
            size="compact-md"
            variant={isSet ? 'light' : 'default'}
            c={isSet ? 'var(--accent-text)' : undefined}
            rightSection={<IconChevronDown size={14} aria-hidden />}
          >
            {isSet ? `${filter.word}: ${chosen?.label ?? 'own choice'}` : filter.word}
          </Button>
        </Menu.Target>
        {isSet ? (
          <CloseButton className={classes.end} aria-label={`End filter ${filter.word}`} onClick={() => change({})} />
        ) : null}
      </Button.Group>
      <Menu.Dropdown>
        {filter.choices.map(({ label, set }) => (
          <Menu.Item key={label} onClick={() => change(set)}>
            {label}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}
