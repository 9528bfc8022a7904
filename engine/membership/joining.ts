/**
 * Trying to join at one address after the other. A refusal proves nothing about who refused, so it ends nothing: some other
 * machine may be the inviter. What the inviter itself does once both have proved the code is final. When nobody let the node
 * in, the refusal that says most is the answer.
 */
import { EngineError, isEngineError } from '../base/error.ts'

/** The more a refusal tells, the earlier it stands. */
const telling = ['invite-used', 'invite-expired', 'pool-full', 'busy', 'wrong-protocol', 'wrong-code']

/**
 * Resolves when `join` did at one of the addresses; it calls `proved` once both ends have proved the code. Throws what
 * `join` threw last, or most tellingly; `unreachable` without addresses.
 */
export async function joinAtOneOf(
  addresses: readonly string[],
  join: (address: string, proved: () => void) => Promise<void>,
): Promise<void> {
  const failures: EngineError[] = []
  for (const address of new Set(addresses)) {
    let final = false
    try {
      await join(address, () => {
        final = true
      })
      return
    } catch (error) {
      if (final || !isEngineError(error)) throw error
      failures.push(error)
    }
  }
  const rank = (error: EngineError) => (telling.includes(error.code) ? telling.indexOf(error.code) : telling.length)
  const [first] = failures.sort((left, right) => rank(left) - rank(right))
  if (first !== undefined && telling.includes(first.code)) throw first
  // One that a person typed; of those that were heard the others matter more.
  if (first?.code === 'bad-address' && addresses.length === 1) throw first
  const tried =
    addresses.length === 0 ? 'no machine of that pool was found' : `nobody answered at ${addresses.join(', ')}`
  throw new EngineError('unreachable', first === undefined ? tried : `${tried}: ${first.message}`, {
    hint: 'Check that the inviting machine is on and on the same network, or give its address (host:port), which it shows with the code.',
    retryable: true,
    cause: first,
  })
}
