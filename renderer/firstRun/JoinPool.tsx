/** The card that joins a pool: by code; machines seen nearby say that there is one to ask for a code. */
import { Button, Collapse, Group, Text, TextInput, Title, UnstyledButton } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { IconDevicesPc, IconUsersPlus } from '@tabler/icons-react'
import { useEffect, useState } from 'react'
import type { Pool, PoolJoin } from '../../shared/index.ts'
import { Problem, request, wordsOf } from '../api/client.ts'
import { discoveredQuery } from '../api/queries.ts'
import classes from './FirstRun.module.css'
import { settingUp } from './settingUp.ts'

const nearbyShown = 4

export function JoinPool() {
  const client = useQueryClient()
  const [code, setCode] = useState('')
  const [address, setAddress] = useState('')
  const [withAddress, showAddress] = useState(false)
  // A link that the desktop app was opened with fills the code in; joining is the user's to do.
  useEffect(() => window.desktop?.onJoinCode(setCode), [])
  const nearby = useQuery(discoveredQuery)
  const inPools = (nearby.data ?? []).filter(({ pool }) => pool === 'other').slice(0, nearbyShown)
  const join = useMutation({
    mutationFn: () => {
      const body: PoolJoin = { code: code.trim(), ...(address.trim() === '' ? {} : { address: address.trim() }) }
      return request<Pool>('POST', '/v1/pool/join', { body })
    },
    onSuccess: (pool) => {
      settingUp.set(true)
      client.setQueryData(['pool'], pool)
      void client.invalidateQueries()
    },
    onError: (error) => {
      if (error instanceof Problem && error.code === 'unreachable') showAddress(true)
    },
  })
  return (
    <form
      className={classes.card}
      onSubmit={(event) => {
        event.preventDefault()
        join.mutate()
      }}
    >
      <div className={classes.heading}>
        <IconUsersPlus size={26} stroke={1.6} aria-hidden />
        <Title order={2} size="h2">
          Join a pool
        </Title>
      </div>
      <Text c="dimmed">On a machine of the pool choose Machines, then “Add a machine”. It shows a code.</Text>
      {inPools.length > 0 ? (
        <Group gap={8} aria-label="Machines of pools seen nearby">
          <Text size="sm" c="dimmed">
            Seen nearby:
          </Text>
          {inPools.map(({ nodeId, name, addresses }) => (
            <Button
              key={nodeId}
              variant="default"
              size="compact-sm"
              leftSection={<IconDevicesPc size={16} aria-hidden />}
              onClick={() => {
                setAddress(addresses[0] ?? '')
                showAddress(true)
              }}
            >
              {name}
            </Button>
          ))}
        </Group>
      ) : null}
      <TextInput
        label="Code"
        value={code}
        onChange={(event) => setCode(event.currentTarget.value)}
        autoComplete="off"
        spellCheck={false}
        required
        withAsterisk={false}
        error={join.isError ? wordsOf(join.error) : undefined}
      />
      <Collapse expanded={withAddress}>
        <TextInput
          label="Address of a machine in the pool"
          description="Only if it is not found by itself, as 192.168.1.20:4711"
          value={address}
          onChange={(event) => setAddress(event.currentTarget.value)}
          autoComplete="off"
          spellCheck={false}
        />
      </Collapse>
      {withAddress ? null : (
        <UnstyledButton fz="sm" c="var(--mantine-color-anchor)" onClick={() => showAddress(true)}>
          It is not on this network
        </UnstyledButton>
      )}
      <div className={classes.grow} />
      <Button type="submit" size="md" loading={join.isPending} disabled={code.trim() === ''}>
        Join
      </Button>
    </form>
  )
}
