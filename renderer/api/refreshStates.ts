/**
 * States of entries follow from where copies are and which machines are there. Such changes come as `health`, not as one event for
 * each of perhaps a million entries, and names of machines come so too; so what is shown is asked anew then: short lists whole, of long ones what is in view.
 */
import type { QueryClient } from '@tanstack/react-query'
import type { Entry, GoneEntry } from '../../shared/index.ts'
import type { FolderRows } from '../files/folderQuery.ts'
import { shownEntries } from '../files/shownEntries.ts'
import { copyingEntries } from '../transfers/uploads.ts'
import { applyEvents } from './applyEvents.ts'
import { request } from './client.ts'

const shortList = 1000
/** Entries of uploads that are asked for at once, to learn when they are protected. */
const copyingAsked = 50

export async function refreshStates(client: QueryClient): Promise<void> {
  for (const key of ['nodes', 'pool', 'replicas', 'contents', 'search', 'what-if'])
    void client.invalidateQueries({ queryKey: [key] })
  const folders = client.getQueryCache().findAll({ queryKey: ['folder'] })
  let isLong = false
  for (const query of folders) {
    const data = query.state.data as FolderRows | undefined
    if (data === undefined) continue
    // One that nobody looks at is asked anew when somebody does.
    if (data.rows.length <= shortList || !query.isActive()) void client.invalidateQueries({ queryKey: query.queryKey })
    else isLong = true
  }
  const ids = [...(isLong ? shownEntries() : []), ...copyingEntries(copyingAsked)]
  if (ids.length === 0) return
  const answers = await Promise.allSettled(ids.map((id) => request<Entry>('GET', `/v1/entries/${id}`)))
  const entries = new Map<string, Entry | GoneEntry>()
  for (const answer of answers) if (answer.status === 'fulfilled') entries.set(answer.value.id, answer.value)
  applyEvents(client, { entries, nodes: [], transfers: [], activity: [], health: undefined })
}
