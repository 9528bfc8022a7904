/**
 * What the window asks the engine, each under its key. Events keep these current (applyEvents.ts).
 */
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import type {
  Activity,
  Discovered,
  FolderContents,
  Health,
  Node,
  Pool,
  ReplicaHolder,
  Settings,
  Transfer,
  TransferPage,
  TrashItem,
  Version,
  WhatIf,
} from '../../shared/index.ts'
import { all, Problem, request } from './client.ts'

/** The pool; null while in none. */
export const poolQuery = queryOptions({
  queryKey: ['pool'],
  queryFn: async ({ signal }) => {
    try {
      return await request<Pool>('GET', '/v1/pool', { signal })
    } catch (error) {
      if (error instanceof Problem && error.code === 'no-pool') return null
      throw error
    }
  },
})

/** Names, places and fill change without events. */
const nodesEveryMs = 4000
export const nodesQuery = queryOptions({
  queryKey: ['nodes'],
  queryFn: ({ signal }) => all<Node>('/v1/nodes', signal),
  refetchInterval: nodesEveryMs,
})

export const healthQuery = queryOptions({
  queryKey: ['health'],
  queryFn: ({ signal }) => request<Health>('GET', '/v1/health', { signal }),
})

const discoveredEveryMs = 2000
export const discoveredQuery = queryOptions({
  queryKey: ['discovered'],
  queryFn: ({ signal }) => all<Discovered>('/v1/discovered', signal),
  refetchInterval: discoveredEveryMs,
})

export const trashQuery = queryOptions({
  queryKey: ['trash'],
  queryFn: ({ signal }) => all<TrashItem>('/v1/trash', signal),
})

export const settingsQuery = queryOptions({
  queryKey: ['settings'],
  queryFn: ({ signal }) => request<Settings>('GET', '/v1/settings', { signal }),
})

const activityShown = 200
export const activityQuery = queryOptions({
  queryKey: ['activity'],
  queryFn: async ({ signal }) =>
    (await request<{ items: Activity[] }>('GET', `/v1/activity?limit=${activityShown}`, { signal })).items,
})

export const transfersQuery = queryOptions({
  queryKey: ['transfers'],
  queryFn: ({ signal }) => all<Transfer>('/v1/transfers', signal),
})

/** What lies on this machine alone so far; changes with health. */
export const uncopiedQuery = queryOptions({
  queryKey: ['uncopied'],
  queryFn: async ({ signal }) => (await request<TransferPage>('GET', '/v1/transfers?limit=1', { signal })).uncopied,
})

export const versionsQuery = (id: string) =>
  queryOptions({
    queryKey: ['versions', id],
    queryFn: ({ signal }) => all<Version>(`/v1/entries/${id}/versions`, signal),
  })

export const replicasQuery = (id: string) =>
  queryOptions({
    queryKey: ['replicas', id],
    queryFn: ({ signal }) => all<ReplicaHolder>(`/v1/entries/${id}/replicas`, signal),
  })

export const folderContentsQuery = (id: string) =>
  queryOptions({
    queryKey: ['contents', id],
    queryFn: ({ signal }) => request<FolderContents>('GET', `/v1/entries/${id}/contents`, { signal }),
  })

export const whatIfQuery = (lost: readonly string[]) =>
  queryOptions({
    queryKey: ['what-if', ...lost],
    queryFn: ({ signal }) => request<WhatIf>('GET', `/v1/health/what-if?lost=${lost.join(',')}`, { signal }),
    enabled: lost.length > 0,
    placeholderData: keepPreviousData,
  })
