/**
 * The event stream into the cache. Events are gathered and applied together a few times a second, so that a burst of thousands
 * draws the window a few times only. Whatever may have been missed (a gap in the stream, `reset`) is asked anew. The browser
 * reconnects by itself while the engine is merely unreachable; where it gives up we try on.
 */
import type { QueryClient } from '@tanstack/react-query'
import type { Activity, Entry, GoneEntry, Health, Node, Transfer } from '../../shared/index.ts'
import { applyEvents } from './applyEvents.ts'
import { Problem, request } from './client.ts'
import { refreshStates } from './refreshStates.ts'
import { session } from './session.ts'
import { createValue } from './value.ts'

/** Whether the engine is heard. `gone` only after a moment, so that a short break shows nothing. */
export const connection = createValue<'connecting' | 'live' | 'gone'>('connecting')

const gatherMs = 100
/** Events that are applied together, and those that may wait; more than that is asked anew instead. */
const sliceEvents = 500
const waitingMax = 50_000
const goneAfterMs = 1500
const againAfterMs = 2000
/** How often sums that follow from entries are asked anew. */
const sumsEveryMs = 1500
const statesEveryMs = 700

/** Listens until the answer is called. */
export function listen(client: QueryClient): () => void {
  let stream: EventSource | undefined
  let again: ReturnType<typeof setTimeout> | undefined
  let gone: ReturnType<typeof setTimeout> | undefined
  const gather = gatherer(client)

  const open = (): void => {
    const source = new EventSource('/v1/events')
    stream = source
    source.addEventListener('open', () => {
      clearTimeout(gone)
      gone = undefined
      const wasGone = connection.get() === 'gone'
      connection.set('live')
      // What was answered before the stream stood may have changed since.
      if (wasGone) void client.invalidateQueries()
      else
        void client.invalidateQueries({
          predicate: (query) => query.state.dataUpdatedAt > 0 && query.queryKey[0] !== 'pool',
        })
    })
    source.addEventListener('error', () => {
      gone ??= setTimeout(() => connection.set('gone'), goneAfterMs)
      if (source.readyState !== EventSource.CLOSED) return
      source.close()
      void isLoggedOut().then((out) => {
        if (out) session.set('out')
        else again = setTimeout(open, againAfterMs)
      })
    })
    for (const name of ['entry', 'node', 'transfer', 'activity', 'health', 'reset'] as const) {
      source.addEventListener(name, (event: MessageEvent<string>) => gather.take(name, event.data))
    }
  }

  open()
  return () => {
    stream?.close()
    clearTimeout(again)
    clearTimeout(gone)
    gather.stop()
    connection.set('connecting')
  }
}

async function isLoggedOut(): Promise<boolean> {
  try {
    await request('GET', '/v1/health')
    return false
  } catch (error) {
    return error instanceof Problem && error.status === 401
  }
}

type Name = 'entry' | 'node' | 'transfer' | 'activity' | 'health' | 'reset'

function gatherer(client: QueryClient) {
  let texts: { readonly name: Name; readonly data: string }[] = []
  let timer: ReturnType<typeof setTimeout> | undefined
  let sums: ReturnType<typeof setTimeout> | undefined
  let states: ReturnType<typeof setTimeout> | undefined

  const flush = (): void => {
    timer = undefined
    // A burst is taken in slices, between which the window draws and answers.
    const taken = texts.splice(0, sliceEvents)
    if (texts.length > 0) timer = setTimeout(flush)
    if (taken.some(({ name }) => name === 'reset')) void client.invalidateQueries()
    const entries = new Map<string, Entry | GoneEntry>()
    const nodes = new Map<string, Node>()
    const transfers = new Map<string, Transfer>()
    const activity: Activity[] = []
    let health: Health | undefined
    for (const { name, data } of taken) {
      const value: unknown = JSON.parse(data)
      if (name === 'entry') entries.set((value as Entry).id, value as Entry)
      else if (name === 'node') nodes.set((value as Node).id, value as Node)
      else if (name === 'transfer') transfers.set((value as Transfer).id, value as Transfer)
      else if (name === 'activity') activity.push(value as Activity)
      else if (name === 'health') health = value as Health
    }
    applyEvents(client, { entries, nodes: [...nodes.values()], transfers: [...transfers.values()], activity, health })
    if (health !== undefined) states ??= setTimeout(askStates, statesEveryMs)
    if (entries.size > 0) sums ??= setTimeout(askSums, sumsEveryMs)
  }
  const askStates = (): void => {
    states = undefined
    void refreshStates(client)
  }
  const askSums = (): void => {
    sums = undefined
    for (const key of ['trash', 'search']) void client.invalidateQueries({ queryKey: [key] })
  }

  return {
    take(name: Name, data: string): void {
      texts.push({ name, data })
      if (texts.length > waitingMax) texts = [{ name: 'reset', data: '{}' }]
      timer ??= setTimeout(flush, gatherMs)
    },
    stop(): void {
      clearTimeout(timer)
      clearTimeout(sums)
      clearTimeout(states)
    },
  }
}
