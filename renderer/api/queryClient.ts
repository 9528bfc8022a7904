/**
 * The one copy of what the engine answered. It is kept current by events, so nothing is asked again merely because time passed
 * or a window was focused.
 */
import { QueryClient } from '@tanstack/react-query'
import { EngineGone } from './client.ts'

const retriesWhenGone = 3

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      networkMode: 'always',
      staleTime: Infinity,
      refetchOnWindowFocus: false,
      refetchOnReconnect: false,
      retry: (count, error) => error instanceof EngineGone && count < retriesWhenGone,
    },
    mutations: { networkMode: 'always' },
  },
})
