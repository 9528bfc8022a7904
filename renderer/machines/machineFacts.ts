/** Of each machine what lists say of it, in an object that stays the same while nothing of that changes. */
import { useQuery } from '@tanstack/react-query'
import type { Node } from '../../shared/index.ts'
import { nodesQuery } from '../api/queries.ts'

export interface MachineFact {
  readonly id: string
  readonly name: string
  readonly site: string
  readonly deviceClass: Node['deviceClass']
  /** Can be read from now. */
  readonly isThere: boolean
  readonly self: boolean
}

export type MachineFacts = readonly MachineFact[]

const none: MachineFacts = []

export function useMachineFacts(): MachineFacts {
  return useQuery({ ...nodesQuery, select: factsOf }).data ?? none
}

function factsOf(nodes: readonly Node[]): MachineFacts {
  return nodes.map((node) => {
    const { id, name, site, deviceClass, self } = node
    return { id, name, site, deviceClass, isThere: isThere(node), self }
  })
}

/** True for machines that answer, or did a moment ago. */
export function isThere({ state }: Node): boolean {
  return state === 'online' || state === 'suspect'
}
