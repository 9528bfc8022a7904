/** How this machine keeps its secrets: wrapped by the system's keychain, or in files; and the way from one to the other. */
import { Button, Text } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import type { Secrets } from '../../shared/index.ts'
import { request } from '../api/client.ts'
import { failed } from '../app/undo.ts'
import classes from './SettingsScreen.module.css'

const queryKey = ['secrets']

export function SecretsLine() {
  const client = useQueryClient()
  const secrets = useQuery({ queryKey, queryFn: () => request<Secrets>('GET', '/v1/secrets') })
  if (secrets.data === undefined) return null
  const { protection, keychain } = secrets.data
  const isWrapped = protection === 'keychain'
  const change = (): void => {
    request<Secrets>('PUT', '/v1/secrets', { body: { protection: isWrapped ? 'file' : 'keychain' } })
      .then((after) => client.setQueryData(queryKey, after))
      .catch((error: unknown) => failed('The secrets stay as they were', error))
  }
  return (
    <div className={classes.line}>
      <div className={classes.words}>
        <span>Secrets</span>
        <Text size="sm" c="dimmed">
          {isWrapped
            ? 'Wrapped by this account’s keychain: a copied data folder opens nothing. Only the app can start Hadahoop here.'
            : keychain
              ? 'In files that only this account can read. The keychain could wrap them.'
              : 'In files that only this account can read.'}
        </Text>
      </div>
      {keychain ? (
        <Button variant="default" onClick={change}>
          {isWrapped ? 'Unwrap' : 'Wrap'}
        </Button>
      ) : null}
    </div>
  )
}
