/** How many copies an entry is to have; a folder's choice holds for what is inside. */
import { NativeSelect } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { Entry } from '../../shared/index.ts'
import { request } from '../api/client.ts'
import { failed } from '../app/undo.ts'
import { showEntry } from './actions.ts'

const choices = ['1', '2', '3', '4', '5']

export function CopiesWanted({ entry }: { readonly entry: Entry }) {
  const client = useQueryClient()
  const save = useMutation({
    mutationFn: (copies: number) => request<Entry>('PATCH', `/v1/entries/${entry.id}`, { body: { copies } }),
    onSuccess: (after) => showEntry(client, after),
    onError: (error) => failed('The number of copies stays', error),
  })
  return (
    <NativeSelect
      id={`wanted-${entry.id}`}
      size="xs"
      w={64}
      ml="auto"
      data={choices}
      value={String(save.isPending ? save.variables : entry.copies.wanted)}
      onChange={(event) => save.mutate(Number(event.currentTarget.value))}
    />
  )
}
