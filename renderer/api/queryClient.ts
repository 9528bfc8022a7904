/**
 * The one copy of what the engine answered. It is kept current by events, so nothing is asked again merely because time passed
 * or a window was focused; a lost session is noticed wherever a request fails.
 */
import { QueryCache, QueryClient } from '@tanstack/react-query'
import { EngineGone, Problem } from './client.ts'
import { session } from './session.ts'

const retriesWhenGone = 3

export const queryClient = new QueryClient({
  queryCache: new QueryCache({ onError: noticeLogout }),
  defaultOptions: {
    queries: {
      staleTime: Infinity,
      refetchOnWindowFocus: false,
      refetchOnReconnect: false,
      retry: (count, error) => error instanceof EngineGone && count < retriesWhenGone,
    },
    mutations: { onError: noticeLogout, networkMode: 'always' },
  },
})
queryClient.setDefaultOptions({
  ...queryClient.getDefaultOptions(),
  queries: { ...queryClient.getDefaultOptions().queries, networkMode: 'always' },
})

function noticeLogout(error: unknown): void {
  if (error instanceof Problem && error.status === 401) session.set('out')
}
