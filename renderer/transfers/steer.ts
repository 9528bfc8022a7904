/** Pausing, resuming, cancelling, trying again and taking off the list, whether it is an upload of this window or an import of the engine. */
import type { QueryClient } from '@tanstack/react-query'
import type { Transfer } from '../../shared/index.ts'
import { request } from '../api/client.ts'
import { failed } from '../app/undo.ts'
import type { Line, Steering } from './lines.ts'
import { cancelUpload, clearUploads, pauseUpload, removeUpload, retryUpload } from './uploads.ts'

export function steer(client: QueryClient, { id }: Pick<Line, 'id'>, steering: Steering): void {
  if (typeof id === 'string') void steerTransfer(client, id, steering)
  else if (steering === 'cancel') cancelUpload(id)
  else if (steering === 'retry') retryUpload(id)
  else if (steering === 'remove') removeUpload(id)
  else pauseUpload(id, steering === 'pause')
}

async function steerTransfer(client: QueryClient, id: string, steering: Steering): Promise<void> {
  try {
    if (steering === 'remove') {
      await request('DELETE', `/v1/transfers/${id}`)
      change(client, (all) => all.filter((each) => each.id !== id))
    } else {
      const transfer = await request<Transfer>('POST', `/v1/transfers/${id}/${steering}`)
      change(client, (all) => all.map((each) => (each.id === id ? transfer : each)))
    }
  } catch (error) {
    failed('That did not work', error)
    void client.invalidateQueries({ queryKey: ['transfers'] })
  }
}

/** Takes everything that has ended off the list; the files stay. */
export async function clearEnded(client: QueryClient): Promise<void> {
  clearUploads()
  try {
    await request('DELETE', '/v1/transfers')
  } catch (error) {
    failed('That did not work', error)
  }
  void client.invalidateQueries({ queryKey: ['transfers'] })
}

function change(client: QueryClient, how: (all: Transfer[]) => Transfer[]): void {
  client.setQueryData<Transfer[]>(['transfers'], (all) => (all === undefined ? undefined : how(all)))
}
