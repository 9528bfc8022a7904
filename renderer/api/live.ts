/**
 * The event stream into the cache. Events are gathered and applied together a few times a second, so that a burst of thousands
 * draws the window a few times only. A stream that ends is taken up where it ended; whatever may have been missed (`reset`) is
 * asked anew. An engine that no longer knows this browser ends it: the window then asks for a login.
 */
import type { QueryClient } from '@tanstack/react-query'
import type { Activity, Entry, GoneEntry, Health, Node, Transfer } from '../../shared/index.ts'
import { applyEvents, type Events } from './applyEvents.ts'
import { Problem, problemOf } from './client.ts'
import { createEventParser, type ServerEvent } from './eventParser.ts'
import { refreshStates } from './refreshStates.ts'
import { createValue } from './value.ts'

/** Whether the engine is heard. `gone` only after a moment, so that a short break shows nothing. */
export const connection = createValue<'connecting' | 'live' | 'gone'>('connecting')

const gatherMs = 100
/** Of a stream's text that is taken apart at once: some milliseconds of work. */
const sliceBytes = 128 * 1024
/** Things that wait to be applied; if there are more, all is asked anew instead. */
const waitingMax = 50_000
const goneAfterMs = 1500
const againAfterMs = 1000
/** The engine gives a sign every 15 s. */
const silentMs = 50_000
/** How often sums that follow from entries are asked anew. */
const sumsEveryMs = 1500
const statesEveryMs = 700

/** Listens until the answer is called. */
export function listen(client: QueryClient): () => void {
  const stopped = new AbortController()
  let gone: ReturnType<typeof setTimeout> | undefined
  const gather = gatherer(client)
  const at = { lastId: '' }

  const opened = (): void => {
    clearTimeout(gone)
    gone = undefined
    const wasGone = connection.get() === 'gone'
    connection.set('live')
    if (wasGone) void client.invalidateQueries()
    // What was answered before the first stream stood may have changed since; later ones resume.
    else if (at.lastId === '')
      void client.invalidateQueries({
        predicate: (query) => query.state.dataUpdatedAt > 0 && query.queryKey[0] !== 'pool',
      })
  }
  const run = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      try {
        await follow(at, (events) => gather.take(events), opened, stopped.signal)
      } catch (error) {
        if (stopped.signal.aborted || (error instanceof Problem && error.status === 401)) return
      }
      gone ??= setTimeout(() => connection.set('gone'), goneAfterMs)
      await pause(againAfterMs)
    }
  }

  void run()
  return () => {
    stopped.abort()
    clearTimeout(gone)
    gather.stop()
    connection.set('connecting')
  }
}

/** One stream until it ends. Throws Problem where the engine refuses, and what the network throws. */
async function follow(
  at: { lastId: string },
  take: (events: readonly ServerEvent[]) => void,
  opened: () => void,
  signal: AbortSignal,
): Promise<void> {
  const response = await fetch('/v1/events', {
    headers: at.lastId === '' ? {} : { 'last-event-id': at.lastId },
    cache: 'no-store',
    signal,
  })
  if (!response.ok || response.body === null) throw await problemOf(response)
  opened()
  const parser = createEventParser()
  const decoder = new TextDecoder()
  const reader = response.body.getReader()
  for (;;) {
    // A connection that a sleep or a network has cut without a word would else be waited for for ever.
    const silence = setTimeout(() => void reader.cancel(), silentMs)
    const { done, value } = await reader.read().finally(() => clearTimeout(silence))
    if (done) return
    // What came in one piece is taken in slices, between which the window draws and answers.
    for (let from = 0; from < value.length; from += sliceBytes) {
      if (from > 0) await pause(0)
      take(parser.push(decoder.decode(value.subarray(from, from + sliceBytes), { stream: true })))
      at.lastId = parser.lastId()
    }
  }
}

function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, delayMs)
  })
}

interface Gathered {
  readonly entries: Map<string, Entry | GoneEntry>
  readonly nodes: Map<string, Node>
  readonly transfers: Map<string, Events['transfers'][number]>
  readonly activity: Activity[]
  health: Health | undefined
}

const nothingGathered = (): Gathered => ({
  entries: new Map(),
  nodes: new Map(),
  transfers: new Map(),
  activity: [],
  health: undefined,
})

/** Of many events of one thing the last counts; all that came within a moment is put into the cache at once. */
function gatherer(client: QueryClient) {
  let gathered = nothingGathered()
  let isReset = false
  let timer: ReturnType<typeof setTimeout> | undefined
  let sums: ReturnType<typeof setTimeout> | undefined
  let states: ReturnType<typeof setTimeout> | undefined

  const flush = (): void => {
    timer = undefined
    const { entries, nodes, transfers, activity, health } = gathered
    gathered = nothingGathered()
    if (isReset) void client.invalidateQueries()
    isReset = false
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
  const gather = ({ name, data }: ServerEvent): void => {
    const value: unknown = JSON.parse(data)
    if (name === 'entry') gathered.entries.set((value as Entry).id, value as Entry)
    else if (name === 'node') gathered.nodes.set((value as Node).id, value as Node)
    else if (name === 'transfer') gathered.transfers.set((value as Transfer).id, value as Transfer)
    else if (name === 'activity') gathered.activity.push(value as Activity)
    else if (name === 'health') gathered.health = value as Health
    else if (name === 'reset') isReset = true
  }

  return {
    take(events: readonly ServerEvent[]): void {
      if (events.length === 0) return
      for (const event of events) gather(event)
      if (gathered.entries.size + gathered.activity.length > waitingMax) {
        gathered = nothingGathered()
        isReset = true
      }
      timer ??= setTimeout(flush, gatherMs)
    },
    stop(): void {
      clearTimeout(timer)
      clearTimeout(sums)
      clearTimeout(states)
    },
  }
}
