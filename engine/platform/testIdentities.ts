/** Three nodes' keys and one that is no node's, for tests of this folder: making them is identity/'s, which stands above. */
import { readFileSync } from 'node:fs'
import type { NodeId } from '../base/ids.ts'
import type { TransportIdentity } from './handshake.ts'

export interface TestIdentity extends TransportIdentity {
  readonly nodeId: NodeId
}

interface Fixture {
  readonly nodes: readonly [TestIdentity, TestIdentity, TestIdentity]
  /** Of another kind of key. */
  readonly ed25519: TransportIdentity
}

export const testIdentities = JSON.parse(
  readFileSync(new URL('./fixtures/identities.json', import.meta.url), 'utf8'),
) as Fixture
