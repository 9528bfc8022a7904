/**
 * `hadahoop secrets …`: whether this node's key and the pool's secrets are wrapped with a key from the system's keychain. Wrapped,
 * only the desktop app can start the node; unwrapped, `hadahoop start` can too.
 */
import type { Command } from 'commander'
import type { Secrets } from '../../shared/index.ts'
import { talks } from './context.ts'

export function secretsCommands(program: Command): void {
  const secrets = program.command('secrets').description('how this machine keeps its secrets')
  talks(secrets, async (context, client) => {
    context.show(await client.get<Secrets>('/v1/secrets'), words)
  })
  for (const [name, protection, description] of [
    [
      'unwrap',
      'file',
      'keep them in files that only their owner can read, so that the node starts without the desktop app',
    ],
    ['wrap', 'keychain', 'wrap them with a key from this account’s keychain'],
  ] as const) {
    talks(secrets.command(name).description(description), async (context, client) => {
      context.show((await client.ask('PUT', '/v1/secrets', { protection })) as Secrets, words)
    })
  }
}

function words({ protection, keychain }: Secrets): string {
  if (protection === 'keychain') return 'The secrets are wrapped with a key from this account’s keychain.'
  const rest = keychain ? ' The keychain could wrap them: `hadahoop secrets wrap`.' : ''
  return `The secrets lie in files that only their owner can read.${rest}`
}
