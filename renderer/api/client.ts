/**
 * Requests to the engine by relative address. Expected failures become a `Problem` with the engine's own words; an engine that
 * does not answer becomes `EngineGone`. Answers are not validated again: page and engine are of one build.
 */
import type { Page, Problem as ProblemDocument } from '../../shared/index.ts'

export class Problem extends Error {
  readonly status: number
  readonly code: string
  readonly hint: string | undefined
  readonly facts: ProblemDocument

  constructor(facts: ProblemDocument) {
    super(facts.detail || facts.title)
    this.status = facts.status
    this.code = facts.code
    this.hint = facts.hint
    this.facts = facts
  }
}

/** The engine does not answer: stopped, restarting, or the network between is cut. */
export class EngineGone extends Error {
  constructor() {
    super('Hadahoop on this machine does not answer.')
  }
}

let loggedOut = (): void => undefined

/** Who is told when the engine no longer knows this browser, whatever was asked. */
export function onLoggedOut(listener: () => void): void {
  loggedOut = listener
}

interface Options {
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

/** The JSON of the answer; undefined for an empty one. Throws Problem, EngineGone, or the signal's reason. */
export async function request<T>(method: string, path: string, options: Options = {}): Promise<T> {
  const response = await send(method, path, options)
  if (!response.ok) throw await problemOf(response)
  const text = await response.text()
  return (text === '' ? undefined : JSON.parse(text)) as T
}

async function send(method: string, path: string, { body, headers, signal }: Options): Promise<Response> {
  try {
    return await fetch(path, {
      method,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    })
  } catch (error) {
    if (signal?.aborted) throw error
    throw new EngineGone()
  }
}

/** What the engine refused; that it does not know this browser is told at once. */
export function refusal(facts: ProblemDocument): Problem {
  if (facts.status === 401) loggedOut()
  return new Problem(facts)
}

export async function problemOf(response: Response): Promise<Problem> {
  try {
    return refusal((await response.json()) as ProblemDocument)
  } catch {
    const title = response.statusText || 'The engine refused'
    return refusal({ type: 'about:blank', title, status: response.status, code: 'internal', detail: title })
  }
}

/** All items of a list, page after page. */
export async function all<T>(path: string, signal?: AbortSignal): Promise<T[]> {
  const items: T[] = []
  const joint = path.includes('?') ? '&' : '?'
  for (let cursor: string | null = null; ; ) {
    const at: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`
    const page: Page<T> = await request('GET', `${path}${joint}limit=1000${at}`, signal ? { signal } : {})
    items.push(...page.items)
    if (page.next === null) return items
    cursor = page.next
  }
}

/** What went wrong and what to do, for people. */
export function wordsOf(error: unknown): string {
  if (error instanceof Problem) return [error.message, error.hint].filter(Boolean).join(' ')
  return error instanceof Error ? error.message : String(error)
}
