/** A button for what helps, where one helps: of a reason why something is not protected. */
import { Button } from '@mantine/core'
import type { Reason } from '../../shared/index.ts'
import { request } from '../api/client.ts'
import { navigate } from '../app/address.ts'
import { failed } from '../app/undo.ts'

export function Remedy({ reason }: { readonly reason: Reason }) {
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
    default:
      return null
  }
}
