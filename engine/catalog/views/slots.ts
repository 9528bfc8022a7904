/** Slots: the first 47 bits of an id as a number, so that an index over ids takes 6 bytes per id. Their order is that of ids. */

export function slotOf(id: Buffer): number {
  return Math.floor(id.readUIntBE(0, 6) / 2)
}

/** The slots of all ids that begin with these hexadecimal digits: first and last. */
export function slotsOfPrefix(digits: string): { first: number; last: number } {
  const first = Buffer.from(digits.slice(0, 12).padEnd(12, '0'), 'hex')
  const last = Buffer.from(digits.slice(0, 12).padEnd(12, 'f'), 'hex')
  return { first: slotOf(first), last: slotOf(last) }
}

/** The slots of all ids whose first two bytes are `bucket`: first and last. */
export function slotsOfBucket(bucket: number): { first: number; last: number } {
  return slotsOfPrefix(bucket.toString(16).padStart(4, '0'))
}
