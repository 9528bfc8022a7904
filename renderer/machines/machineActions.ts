/** Changes of a machine from a menu: shown at once by the answer, told where they fail. */
import type { Node, NodePatch } from '../../shared/index.ts'
import { applyEvents } from '../api/applyEvents.ts'
import { request } from '../api/client.ts'
import { queryClient } from '../api/queryClient.ts'
import { failed } from '../app/undo.ts'

/** True if it worked. */
export async function changeMachine(node: Node, patch: NodePatch): Promise<boolean> {
  try {
    const changed = await request<Node>('PATCH', `/v1/nodes/${node.id}`, { body: patch })
    applyEvents(queryClient, { entries: new Map(), nodes: [changed], transfers: [], activity: [], health: undefined })
    return true
  } catch (error) {
    failed(`${node.name} stays as it is`, error)
    return false
  }
}

export function patchMachine(node: Node, patch: NodePatch): void {
  void changeMachine(node, patch)
}
