/** The card that makes a pool. */
import { Button, Text, TextInput, Title } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { IconCirclePlus } from '@tabler/icons-react'
import { useState } from 'react'
import type { Pool } from '../../shared/index.ts'
import { request, wordsOf } from '../api/client.ts'
import classes from './FirstRun.module.css'
import { settingUp } from './settingUp.ts'

export function NewPool() {
  const client = useQueryClient()
  const [name, setName] = useState('Home')
  const create = useMutation({
    mutationFn: () => request<Pool>('POST', '/v1/pool', { body: { name: name.trim() } }),
    onSuccess: (pool) => {
      settingUp.set(true)
      client.setQueryData(['pool'], pool)
      void client.invalidateQueries()
    },
  })
  return (
    <form
      className={classes.card}
      onSubmit={(event) => {
        event.preventDefault()
        create.mutate()
      }}
    >
      <div className={classes.heading}>
        <IconCirclePlus size={26} stroke={1.6} aria-hidden />
        <Title order={2} size="h2">
          New pool
        </Title>
      </div>
      <Text c="dimmed">Start here on the first machine. Others join it with a code.</Text>
      <TextInput
        label="Name of the pool"
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        maxLength={60}
        required
        withAsterisk={false}
        error={create.isError ? wordsOf(create.error) : undefined}
      />
      <div className={classes.grow} />
      <Button type="submit" size="md" loading={create.isPending} disabled={name.trim() === ''}>
        Create
      </Button>
    </form>
  )
}
