/**
 * The time of a file as the pool has it: whole milliseconds. Systems keep nanoseconds, and a time that was set in milliseconds comes back up
 * to 238 ns beside them, since it went through a floating-point number of seconds. Cut off as it is, it would be the millisecond before.
 */

/** More than what is lost on the way, less than anything that two files are told apart by. */
const LOST_NS = 500n

/** Milliseconds since 1970 of a time in nanoseconds since 1970, such as `mtimeNs` of `stat`; negative before 1970. */
export function fileTimeMs(timeNs: bigint): number {
  return Math.floor(Number(timeNs + LOST_NS) / 1e6)
}
