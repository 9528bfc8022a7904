/**
 * What a node shows of its membership in the handshake, and how it reads the other's. The admission names the pool in full
 * and brings the rows that decide about the two: the node's own admission back to genesis, then removals, then whatever
 * else fits, each with what it rests on; the rest follows once connected.
 */
import { z } from 'zod'
import { bytesOf, hexOf } from '../base/bytes.ts'
import { decodeCbor, encodeCbor } from '../base/cbor.ts'
import { EngineError } from '../base/error.ts'
import { limits } from '../limits.ts'
import { decodeRow, type MemberRow, type RowHash } from './memberRow.ts'
import type { RowSet } from './rowSet.ts'

export interface Admission {
  /** Null from a node that is in no pool. */
  readonly genesis: RowHash | null
  readonly rows: readonly MemberRow[]
}

const schema = z.object({
  v: z.literal(1),
  genesis: z.custom<Uint8Array>((value) => value instanceof Uint8Array && value.length === 32).nullable(),
  rows: z.array(z.instanceof(Uint8Array)).max(limits.memberRowsPerPool),
})

/** The admission of a member (`own` is the hash of its standing or last admission), or of a node in no pool. */
export function encodeAdmission(set: RowSet | null, own: RowHash | null): Buffer {
  if (set === null) return encodeCbor({ v: 1, genesis: null, rows: [] })
  const chosen = own === null ? new Set<RowHash>() : choose(set, own)
  return encodeCbor({ v: 1, genesis: bytesOf(set.genesis), rows: set.encoded((row) => chosen.has(row.hash)) })
}

function choose(set: RowSet, own: RowHash): Set<RowHash> {
  const newestFirst = set.rows().reverse()
  const ofKind = (kind: MemberRow['kind']) => newestFirst.filter((row) => row.kind === kind).map((row) => row.hash)
  const chosen = new Set<RowHash>()
  let sizeBytes = 0
  for (const hash of [own, ...ofKind('remove'), ...ofKind('admit'), ...ofKind('epoch')]) {
    const fresh = set.chain(hash).filter((each) => !chosen.has(each))
    const freshBytes = fresh.reduce((sum, each) => sum + set.sizeBytes(each) + 8, 0)
    if (sizeBytes + freshBytes > limits.admissionMaxBytes) continue
    sizeBytes += freshBytes
    for (const each of fresh) chosen.add(each)
  }
  return chosen
}

/** Reads a foreign admission. Throws `bad-message`, `bad-row`. */
export function decodeAdmission(bytes: Uint8Array): Admission {
  if (bytes.length > limits.controlMessageMaxBytes / 2) throw badAdmission(`${bytes.length} bytes are too many`)
  const parsed = schema.safeParse(decodeCbor(bytes))
  if (!parsed.success) throw badAdmission('not an admission')
  const { genesis, rows } = parsed.data
  return { genesis: genesis === null ? null : (hexOf(genesis) as RowHash), rows: rows.map(decodeRow) }
}

function badAdmission(why: string): EngineError {
  return new EngineError('bad-message', `the other machine's admission cannot be read: ${why}`)
}
