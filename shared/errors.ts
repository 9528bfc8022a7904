/**
 * The stable error codes of the API with the HTTP status and the title that each has. A code that is missing here is
 * answered as 500 under its own name, so a forgotten line shows instead of hiding; docs/errors.md lists the same codes.
 */

export interface ErrorKind {
  readonly status: number
  readonly title: string
}

export const errorKinds = {
  // The request itself
  'bad-request': { status: 400, title: 'The request is not understood' },
  'bad-path': { status: 400, title: 'The path is not allowed' },
  'bad-id': { status: 400, title: 'Not an id' },
  'bad-cursor': { status: 400, title: 'The cursor is not from this list' },
  'bad-code': { status: 400, title: 'Not an invite code' },
  'upload-cut': { status: 400, title: 'The upload ended too early' },
  unauthorized: { status: 401, title: 'Token missing or wrong' },
  'wrong-login-code': { status: 401, title: 'The login code is wrong, used or expired' },
  'foreign-host': { status: 403, title: 'The Host header is not of this node' },
  'foreign-origin': { status: 403, title: 'The request comes from a foreign page' },
  'not-found': { status: 404, title: 'Not found' },
  'no-such-node': { status: 404, title: 'No such node' },
  'method-not-allowed': { status: 405, title: 'Method not allowed' },
  timeout: { status: 408, title: 'Too slow' },
  'too-large': { status: 413, title: 'The body is too large' },
  'bad-media-type': { status: 415, title: 'The body is not JSON' },
  'bad-range': { status: 416, title: 'The range lies outside the file' },
  'headers-too-large': { status: 431, title: 'The headers are too large' },

  // The state of things
  'no-pool': { status: 409, title: 'This node is in no pool' },
  'already-in-pool': { status: 409, title: 'This node is in a pool already' },
  'wrong-kind': { status: 409, title: 'A file where a folder is needed, or the reverse' },
  exists: { status: 409, title: 'The name is taken' },
  cycle: { status: 409, title: 'A folder cannot move into itself' },
  'confirm-needed': { status: 409, title: 'A large delete needs confirmation' },
  self: { status: 409, title: 'Not possible with this node itself' },
  conflict: { status: 409, title: 'Not possible as things are' },
  'precondition-failed': { status: 412, title: 'The precondition does not hold' },
  'too-many-invites': { status: 429, title: 'Too many open invites' },
  'too-many': { status: 429, title: 'Too many at once' },

  // Joining
  'wrong-code': { status: 403, title: 'The invite code is wrong' },
  'invite-used': { status: 409, title: 'The invite code has been used' },
  'invite-expired': { status: 410, title: 'The invite code has expired' },
  'other-pool': { status: 409, title: 'The other machine is in another pool' },
  'wrong-identity': { status: 409, title: 'Another machine answers at this address' },
  'not-tls': { status: 409, title: 'No Hadahoop node answers at this address' },
  'wrong-protocol': { status: 409, title: 'The other machine runs a version that does not fit' },
  'clock-skew': { status: 409, title: 'The clocks differ too much' },

  // Bytes
  lost: { status: 410, title: 'No machine has all of it' },
  'source-changed': { status: 409, title: 'The source changed while it was read' },
  damaged: { status: 500, title: 'The stored bytes are damaged' },
  internal: { status: 500, title: 'Something went wrong inside' },
  unreachable: { status: 503, title: 'The machine that has it does not answer' },
  'segment-missing': { status: 503, title: 'Not all of the file is known here yet' },
  stopping: { status: 503, title: 'The node is stopping' },
  busy: { status: 503, title: 'Too much at once' },
  'disk-full': { status: 507, title: 'The disk is full' },
  'quota-full': { status: 507, title: 'The space given to the pool is full' },
} as const satisfies Record<string, ErrorKind>

export type ErrorCode = keyof typeof errorKinds

/** Status and title of any code; codes of no line are 500. */
export function errorKind(code: string): ErrorKind {
  return Object.hasOwn(errorKinds, code) ? errorKinds[code as ErrorCode] : errorKinds.internal
}
