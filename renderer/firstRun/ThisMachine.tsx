/** Name, place and space of this machine, each with a default that fits most. */
import { Autocomplete, Button, Input, Slider, Stack, Text, TextInput, Title } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { Node } from '../../shared/index.ts'
import { request, wordsOf } from '../api/client.ts'
import { nodesQuery } from '../api/queries.ts'
import { sizeText } from '../words/sizes.ts'
import classes from './FirstRun.module.css'
import { settingUp } from './settingUp.ts'

export function ThisMachine() {
  const nodes = useQuery(nodesQuery)
  const self = nodes.data?.find((node) => node.self)
  if (self === undefined) return null
  return (
    <Fields
      key={self.id}
      node={self}
      sites={[...new Set((nodes.data ?? []).map(({ site }) => site))].filter(Boolean)}
    />
  )
}

function Fields({ node, sites }: { readonly node: Node; readonly sites: readonly string[] }) {
  const client = useQueryClient()
  const [name, setName] = useState(node.name)
  const [site, setSite] = useState(node.site)
  const [most] = useState(node.quotaBytes)
  const [percent, setPercent] = useState(100)
  const quotaBytes = Math.round((most * percent) / 100)
  const save = useMutation({
    mutationFn: () => {
      const body = { name: name.trim(), site: site.trim(), ...(percent === 100 ? {} : { quotaBytes }) }
      return request<Node>('PATCH', `/v1/nodes/${node.id}`, { body })
    },
    onSuccess: () => {
      settingUp.set(false)
      void client.invalidateQueries()
    },
  })
  return (
    <form
      className={`${classes.card} ${classes.machine}`}
      onSubmit={(event) => {
        event.preventDefault()
        save.mutate()
      }}
    >
      <Title order={1} size="h2">
        This machine
      </Title>
      <TextInput
        label="Name"
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        required
        withAsterisk={false}
        maxLength={60}
      />
      <Autocomplete
        label="Place"
        description="Copies are kept in different places where there are several."
        data={[...new Set([...sites, 'home', 'office'])]}
        value={site}
        onChange={setSite}
        maxLength={60}
      />
      <Stack gap={6} mb={28}>
        <Input.Label id="space">Space for the pool: {sizeText(quotaBytes)}</Input.Label>
        <Slider
          mx={20}
          aria-labelledby="space"
          thumbProps={{ 'aria-labelledby': 'space' }}
          min={5}
          max={100}
          step={5}
          value={percent}
          onChange={setPercent}
          label={(value) => sizeText((most * value) / 100)}
          marks={[
            { value: 25, label: sizeText(most / 4) },
            { value: 50, label: sizeText(most / 2) },
            { value: 100, label: sizeText(most) },
          ]}
        />
      </Stack>
      {save.isError ? (
        <Text size="sm" c="var(--mantine-color-error)" role="alert">
          {wordsOf(save.error)}
        </Text>
      ) : null}
      <Button type="submit" size="md" loading={save.isPending} disabled={name.trim() === ''}>
        Done
      </Button>
    </form>
  )
}
