/** Changes of a machine from a menu: shown at once by the answer, told where they fail. */
import type { Node, NodePatch } from '../../shared/index.ts'
import { applyEvents } from '../api/applyEvents.ts'
import { request } from '../api/client.ts'
import { queryClient } from '../api/queryClient.ts'
import { didUndoably, failed } from '../app/undo.ts'

/** True if it worked. */
export async function changeMachine(node: Pick<Node, 'id' | 'name'>, patch: NodePatch): Promise<boolean> {
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

/** Nobody waits for a machine that is away: what it holds is copied now. */
export function missMachine(node: Pick<Node, 'id' | 'name'>): void {
  void changeMachine(node, { missed: true }).then((worked) => {
    if (!worked) return
    didUndoably(
      `What ${node.name} holds is copied now.`,
      async () => void (await changeMachine(node, { missed: false })),
    )
  })
}

/** True while its copies count although it is away, since it may come back. */
export function isWaitedFor({ waitEnds, missed }: Node, nowMs = Date.now()): boolean {
  return !missed && waitEnds !== null && Date.parse(waitEnds) > nowMs
}
