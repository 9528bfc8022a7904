/** Why a node is not let into a pool: the codes that travel while pairing, and what a person reads for each. */
import { EngineError } from '../base/error.ts'

interface Refusal {
  readonly message: string
  readonly hint: string
  readonly retryable?: true
}

const refusals = {
  'wrong-code': {
    message: 'the machine that was asked does not know this invite code',
    hint: 'A code works only at the machine that showed it. Check that it is on, or give its address; else make a new code there.',
  },
  'invite-expired': {
    message: 'this invite code has expired',
    hint: 'Codes work for 10 minutes. Make a new one on a machine of the pool.',
  },
  'invite-used': {
    message: 'this invite code has been used by another machine',
    hint: 'Each code lets one machine in. Make a new one on a machine of the pool.',
  },
  'pool-full': {
    message: 'the pool has as many machines as it can have',
    hint: 'Remove a machine that is no longer used, then try again with the same code.',
  },
  busy: {
    message: 'the inviting machine has been asked too often',
    hint: 'Wait a minute, then try again with the same code.',
    retryable: true,
  },
  'wrong-protocol': {
    message: 'the two machines run versions of Hadahoop that cannot pair',
    hint: 'Install the same version on both.',
  },
} as const satisfies Record<string, Refusal>
type RefusalCode = keyof typeof refusals

/** The error for a code of the table. */
export function refusalFor(code: RefusalCode): EngineError {
  const { message, hint, retryable }: Refusal = refusals[code]
  return new EngineError(code, message, { hint, retryable: retryable ?? false })
}

/** The error for a code that the other end sent. */
export function refusalOf(code: string): EngineError {
  if (Object.hasOwn(refusals, code)) return refusalFor(code as RefusalCode)
  return new EngineError('unreachable', `the other machine could not let this one in (${JSON.stringify(code)})`, {
    hint: 'Try again with the same code; look at the other machine if it goes on.',
    retryable: true,
  })
}
