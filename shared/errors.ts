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
  'bad-address': { status: 400, title: 'Not an address' },
  'upload-cut': { status: 400, title: 'The upload ended too early' },
  unauthorized: { status: 401, title: 'Token missing or wrong' },
  'wrong-login-code': { status: 401, title: 'The login code is wrong, used or expired' },
  'foreign-host': { status: 403, title: 'The Host header is not of this node' },
  'foreign-origin': { status: 403, title: 'The request comes from a foreign page' },
  'not-found': { status: 404, title: 'Not found' },
  'no-such-node': { status: 404, title: 'No such node' },
  'unknown-version': { status: 404, title: 'No such version' },
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
  'source-unreadable': { status: 409, title: 'The node cannot read the local file' },
  'special-file': { status: 409, title: 'The local file has no content to store' },
  'bad-name': { status: 409, title: 'The name is not allowed in the pool' },
  'name-twin': { status: 409, title: 'Two local names are one in the pool' },
  'watch-unavailable': { status: 503, title: 'Changes in the folder cannot be heard' },
  'some-failed': { status: 409, title: 'Some files were not stored' },
  'source-changed': { status: 409, title: 'The source changed while it was read' },
  conflict: { status: 409, title: 'Not possible as things are' },
  'no-conflict': { status: 409, title: 'There is no conflict to settle' },
  'machine-there': { status: 409, title: 'The machine is there' },
  'last-copies': { status: 409, title: 'Some files lie on this machine alone' },
  gone: { status: 410, title: 'Deleted for good' },
  'precondition-failed': { status: 412, title: 'The precondition does not hold' },
  'too-many-invites': { status: 429, title: 'Too many open invites' },
  'too-many': { status: 429, title: 'Too many at once' },

  // Joining and belonging
  'wrong-code': { status: 403, title: 'The invite code is wrong' },
  'invite-used': { status: 409, title: 'The invite code has been used' },
  'invite-expired': { status: 410, title: 'The invite code has expired' },
  'pool-full': { status: 409, title: 'The pool has no place for another machine' },
  'too-many-members': { status: 409, title: 'The pool has no place for another machine' },
  'not-a-full-member': { status: 403, title: 'This machine decides nothing in the pool' },
  'not-a-member': { status: 409, title: 'The machine is not in this pool' },
  'away-too-long': { status: 400, title: 'Nobody waits for a machine for longer than 7 days' },
  removed: { status: 409, title: 'This machine was removed from the pool' },
  'other-pool': { status: 409, title: 'The other machine is in another pool' },
  'wrong-identity': { status: 409, title: 'Another machine answers at this address' },
  'not-tls': { status: 409, title: 'No Hadahoop node answers at this address' },
  'not-a-node': { status: 409, title: 'No Hadahoop node answers at this address' },
  'bad-certificate': { status: 409, title: 'The other machine does not prove who it is' },
  'unknown-protocol': { status: 409, title: 'The other machine runs a version that does not fit' },
  'wrong-protocol': { status: 409, title: 'The other machine runs a version that does not fit' },
  'clock-skew': { status: 409, title: 'The clocks differ too much' },

  // Bytes
  lost: { status: 410, title: 'No machine has all of it' },
  damaged: { status: 500, title: 'The stored bytes are damaged' },
  'seal-check-failed': { status: 500, title: 'This computer made a mistake' },
  unreachable: { status: 503, title: 'The machine that has it does not answer' },
  'segment-missing': { status: 503, title: 'Not all of the file is known here yet' },
  'content-moved': { status: 503, title: 'A shared piece went away while the file was written' },
  'unknown-epoch': { status: 503, title: 'The key is not known here yet' },
  'unknown-format': { status: 501, title: 'Written by a newer release' },
  'disk-full': { status: 507, title: 'The disk is full' },
  'quota-full': { status: 507, title: 'The space given to the pool is full' },

  // This node and its data folder
  internal: { status: 500, title: 'Something went wrong inside' },
  'disk-failing': { status: 500, title: 'The disk fails' },
  'no-file': { status: 500, title: 'A file of the data folder is missing' },
  'damaged-file': { status: 500, title: 'A file of the data folder is damaged' },
  'damaged-database': { status: 500, title: 'A database of the data folder is damaged' },
  'not-permitted': { status: 500, title: 'The system does not permit it' },
  runtime: { status: 500, title: 'The runtime lacks something' },
  'secrets-wrapped': { status: 409, title: 'The secrets are wrapped by the keychain' },
  'secrets-key': { status: 409, title: 'The keychain has another key' },
  'no-keychain': { status: 409, title: 'No key from a keychain' },
  'newer-file': { status: 409, title: 'The data folder is of a newer release' },
  'newer-database': { status: 409, title: 'The data folder is of a newer release' },
  'folder-in-use': { status: 409, title: 'Another node runs on the data folder' },
  'port-taken': { status: 409, title: 'The port is taken' },
  'no-such-host': { status: 400, title: 'Not an address of this computer' },
  busy: { status: 503, title: 'Too much at once' },
  stopped: { status: 503, title: 'The node is stopping' },
  'thread-died': { status: 503, title: 'A compute thread ended' },
  'read-ended': { status: 503, title: 'The reader went away' },

  // Between machines
  'bad-message': { status: 502, title: 'The other machine said something malformed' },
  'bad-cbor': { status: 502, title: 'The other machine said something malformed' },
  'bad-row': { status: 502, title: 'The other machine sent a malformed row' },
  'bad-tag': { status: 502, title: 'The other machine sent a forged row' },
  'bad-segment': { status: 502, title: 'The other machine sent a wrong segment' },
  'wrong-chunk': { status: 502, title: 'The bytes are not the chunk they are called' },
  refused: { status: 403, title: 'The machine may not ask for that' },
  'unknown-message': { status: 502, title: 'The other machine does not know the request' },
  'stamp-ahead': { status: 409, title: 'A row is stamped too far ahead' },
  'peer-gone': { status: 503, title: 'The connection to the other machine closed' },
  'wire-closed': { status: 503, title: 'The connection to the other machine closed' },
  'too-busy': { status: 503, title: 'Too much at once between two machines' },
  cancelled: { status: 503, title: 'Nobody waits for it any more' },
  'given-up': { status: 503, title: 'The attempt to connect was given up' },
  duplicate: { status: 503, title: 'The machines are connected already' },
  'no-link': { status: 503, title: 'The connection belongs to no other' },
  'no-walk': { status: 503, title: 'The walk gave way to another' },
} as const satisfies Record<string, ErrorKind>

export type ErrorCode = keyof typeof errorKinds

/** Status and title of any code; codes of no line are 500. */
export function errorKind(code: string): ErrorKind {
  return Object.hasOwn(errorKinds, code) ? errorKinds[code as ErrorCode] : errorKinds.internal
}
