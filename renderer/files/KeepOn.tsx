/** On which machines an entry is kept whatever else is decided; a folder's choice holds for what is inside. */
import { Button, Menu } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { IconChevronDown } from '@tabler/icons-react'
import type { Entry } from '../../shared/index.ts'
import { request } from '../api/client.ts'
import { failed } from '../app/undo.ts'
import { useMachineFacts } from '../machines/machineFacts.ts'
import { showEntry } from './actions.ts'

export function KeepOn({ entry }: { readonly entry: Entry }) {
  const client = useQueryClient()
  const machines = useMachineFacts()
  const save = useMutation({
    mutationFn: (pinnedTo: readonly string[]) =>
      request<Entry>('PATCH', `/v1/entries/${entry.id}`, { body: { pinnedTo } }),
    onSuccess: (after) => showEntry(client, after),
    onError: (error) => failed(`“${entry.name}” stays where it is`, error),
  })
  const pinned = save.isPending ? save.variables : (entry.pinnedTo ?? [])
  const names = machines.filter(({ id }) => pinned.includes(id)).map(({ name }) => name)
  const flip = (id: string) => save.mutate(pinned.includes(id) ? pinned.filter((each) => each !== id) : [...pinned, id])
  return (
    <Menu position="bottom-end" closeOnItemClick={false}>
      <Menu.Target>
        <Button
          variant="default"
          size="compact-sm"
          fw={400}
          maw={170}
          rightSection={<IconChevronDown size={14} aria-hidden />}
          aria-label={`Always kept on: ${names.join(', ') || 'no particular machine'}`}
        >
          {names.join(', ') || 'not fixed'}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {machines.map(({ id, name }) => (
          <Menu.CheckboxItem key={id} checked={pinned.includes(id)} onChange={() => flip(id)}>
            {name}
          </Menu.CheckboxItem>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}
