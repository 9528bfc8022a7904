/** What went wrong, in words for people. */

/** A failure that a person can do something about. */
export class ShellFailure extends Error {
  readonly code: string
  readonly hint: string | undefined

  constructor(code: string, message: string, hint?: string) {
    super(message)
    this.code = code
    this.hint = hint
  }
}

export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { hint } = error as { hint?: unknown }
  return typeof hint === 'string' ? `${error.message} ${hint}` : error.message
}
