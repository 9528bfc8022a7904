/**
 * The one error type for expected failures: a stable code that tests, the API and the UI can match, and words
 * that say what happened, to which file or machine, and what to do next. Impossible states use `assert` instead.
 */
export interface ErrorDetails {
  /** What the person can do next, one sentence. */
  readonly hint?: string
  /** True if the same call may succeed later without anyone's doing. */
  readonly retryable?: boolean
  readonly cause?: unknown
  /** Machine-readable facts that go into the API's problem document as they are. */
  readonly facts?: Readonly<Record<string, unknown>>
}

export class EngineError extends Error {
  /** Stable, kebab-case, listed in docs/errors.md. */
  readonly code: string
  readonly hint: string | undefined
  readonly retryable: boolean
  readonly facts: Readonly<Record<string, unknown>> | undefined

  constructor(code: string, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'EngineError'
    this.code = code
    this.hint = details.hint
    this.retryable = details.retryable ?? false
    this.facts = details.facts
  }
}

/** True if `error` is an EngineError, with `code` if one is given. */
export function isEngineError(error: unknown, code?: string): error is EngineError {
  return error instanceof EngineError && (code === undefined || error.code === code)
}

/** The text of whatever was thrown, for logs and for wrapping. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
