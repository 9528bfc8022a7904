/** The service's operations on imports and linked folders, in the API's form. */
import { EngineError } from '../../base/error.ts'
import type { LinkedFolder, Transfer } from '../../../shared/index.ts'
import type { ImportView, LinkView } from '../../transfers/index.ts'
import { problemOf } from '../problems.ts'
import type { Service } from '../service.ts'
import { definedOf } from './nodes.ts'
import { pageOfAll } from './paging.ts'
import { inPool, type NodeParts } from './parts.ts'
import { timeText } from './words.ts'

type TransferOperations = Pick<
  Service,
  | 'startImport'
  | 'transfers'
  | 'transfer'
  | 'steerTransfer'
  | 'forgetTransfers'
  | 'linkedFolders'
  | 'linkFolder'
  | 'changeLinkedFolder'
  | 'unlinkFolder'
>

export function transferOperations(parts: NodeParts): Required<TransferOperations> {
  const here = () => inPool(parts).transfers
  return {
    async startImport({ paths, folder }) {
      return { id: await here().import(paths, folder) }
    },
    async transfers(query) {
      const pool = parts.pool()
      if (pool === null) return { items: [], next: null, uncopied: { files: 0, bytes: 0 } }
      const uncopied = await pool.census.uncopied(parts.self)
      return { ...pageOfAll('transfers', pool.transfers.views().map(toTransfer), query), uncopied }
    },
    async transfer(id) {
      return toTransfer(here().view(id))
    },
    async steerTransfer(id, action) {
      here().steer(id, action)
      return toTransfer(here().view(id))
    },
    async forgetTransfers(id) {
      if (id === null) here().removeEnded()
      else here().remove(id)
    },
    async linkedFolders(query) {
      return pageOfAll(
        'linked-folders',
        (parts.pool()?.transfers.linkedFolders.views() ?? []).map(toLinkedFolder),
        query,
      )
    },
    async linkFolder({ path, folder, deletes, ignore }) {
      return toLinkedFolder(await here().linkedFolders.add({ path, folder, deletes, ignored: ignore }))
    },
    async changeLinkedFolder(id, { deletes, paused, ignore }) {
      return toLinkedFolder(await here().linkedFolders.change(id, definedOf({ deletes, paused, ignored: ignore })))
    },
    async unlinkFolder(id) {
      await here().linkedFolders.remove(id)
    },
  }
}

function toTransfer(view: ImportView): Transfer {
  const { error, startedMs, finishedMs, failures, isCounted, filesAwaited, ...same } = view
  return {
    ...same,
    counted: isCounted,
    filesCopying: filesAwaited,
    paths: [...same.paths],
    startedAt: timeText(startedMs),
    finishedAt: finishedMs === null ? null : timeText(finishedMs),
    failed: failures.map((failure) => ({ ...failure })),
    ...(error === null
      ? {}
      : { error: problemOf(new EngineError(error.code, error.text, error.hint === null ? {} : { hint: error.hint })) }),
  }
}

function toLinkedFolder(view: LinkView): LinkedFolder {
  const { ignored, createdMs, lastChangeMs, lastLookMs, failures, problem, paused, ...same } = view
  return {
    ...same,
    ignore: [...ignored],
    failed: failures.map((failure) => ({ ...failure })),
    createdAt: timeText(createdMs),
    lastChangeAt: lastChangeMs === null ? null : timeText(lastChangeMs),
    lastLookAt: lastLookMs === null ? null : timeText(lastLookMs),
    ...(problem === null ? {} : { problem: problemOf(problem) }),
  }
}
