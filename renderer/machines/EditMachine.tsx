/** Name, place, space and kind of a machine. */
import { Autocomplete, Button, Group, Modal, NativeSelect, Stack, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { DeviceClass, Node } from '../../shared/index.ts'
import { nodesQuery } from '../api/queries.ts'
import { kindWords } from './kinds.ts'
import { changeMachine } from './machineActions.ts'
import { SpaceField } from './SpaceField.tsx'

const kinds = Object.entries(kindWords).map(([value, label]) => ({ value, label }))

export function EditMachine({ node, onClose }: { readonly node: Node; readonly onClose: () => void }) {
  const nodes = useQuery(nodesQuery)
  const [name, setName] = useState(node.name)
  const [site, setSite] = useState(node.site)
  const [quotaBytes, setQuotaBytes] = useState(node.quotaBytes)
  const [deviceClass, setDeviceClass] = useState(node.deviceClass)
  const save = async (): Promise<void> => {
    const quota = quotaBytes === node.quotaBytes ? {} : { quotaBytes }
    if (await changeMachine(node, { name: name.trim(), site: site.trim(), deviceClass, ...quota })) onClose()
  }
  const sites = [...new Set((nodes.data ?? []).map((each) => each.site))].filter(Boolean)
  return (
    <Modal opened onClose={onClose} title={node.name} closeButtonProps={{ 'aria-label': 'Close' }}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void save()
        }}
      >
        <Stack>
          <TextInput
            label="Name"
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            required
            withAsterisk={false}
            maxLength={60}
            data-autofocus
          />
          <Autocomplete
            label="Place"
            description="Copies are kept in different places where there are several."
            data={sites}
            value={site}
            onChange={setSite}
            maxLength={60}
          />
          <SpaceField node={node} bytes={quotaBytes} onChange={setQuotaBytes} />
          <NativeSelect
            label="Kind"
            description="When it is off, its copies are made anew after the time that Settings name for its kind."
            data={kinds}
            value={deviceClass}
            onChange={(event) => setDeviceClass(event.currentTarget.value as DeviceClass)}
          />
          <Group justify="flex-end" mt="xs">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" disabled={name.trim() === ''}>
              Save
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
