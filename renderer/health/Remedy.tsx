/** A button for what helps, where one helps: of a reason why something is not protected. */
import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { Reason } from '../../shared/index.ts'
import { request } from '../api/client.ts'
import { nodesQuery } from '../api/queries.ts'
import { navigate } from '../app/address.ts'
import { failed } from '../app/undo.ts'
import { isWaitedFor, missMachine } from '../machines/machineActions.ts'

export function Remedy({ reason }: { readonly reason: Reason }) {
  const nodes = useQuery(nodesQuery)
  const missing = nodes.data?.find((node) => node.id === reason.nodeId && isWaitedFor(node))
  const resume = () =>
    request('POST', '/v1/repair', { body: { resume: true } }).catch((error: unknown) =>
      failed('Copying could not be resumed', error),
    )
  switch (reason.remedy) {
    case 'add-machine':
    case 'free-space':
      return (
        <Button variant="default" size="compact-sm" onClick={() => navigate('/machines')}>
          Machines
        </Button>
      )
    case 'resume':
      return (
        <Button size="compact-sm" onClick={() => void resume()}>
          Copy now
        </Button>
      )
    case 'switch-on':
      // Only where copying waits for it.
      return reason.at === undefined || missing === undefined ? null : (
        <Button variant="default" size="compact-sm" onClick={() => missMachine(missing)}>
          Copy now
        </Button>
      )
    default:
      return null
  }
}
