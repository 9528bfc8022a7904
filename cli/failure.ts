/**
 * How a command ends badly: one line that says what happened and what to do, and the exit code that scripts see.
 */

/** Exit code 1: the command was understood and could not be done. */
export class Failure extends Error {
  /** The API's stable code, or one of the command line's own. */
  readonly code: string
  readonly hint: string | undefined

  constructor(code: string, message: string, options: { hint?: string | undefined; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'Failure'
    this.code = code
    this.hint = options.hint
  }
}

/** Exit code 2: the command line itself makes no sense. */
export class WrongUsage extends Error {
  override readonly name = 'WrongUsage'
}

/** What and what to do, in one line. */
export function lineOf(error: unknown): string {
  const { message, hint } = error instanceof Error ? (error as Error & { hint?: string }) : { message: String(error) }
  const sentence = /[.!?]$/.test(message) ? message : `${message}.`
  return [sentence, hint]
    .filter(Boolean)
    .join(' ')
    .replace(/\s*\n\s*/g, ' ')
}
