/** The service's operations on imports, in the API's form. */
import { EngineError } from '../../base/error.ts'
import type { Transfer } from '../../../shared/index.ts'
import type { ImportView } from '../../transfers/index.ts'
import { problemOf } from '../problems.ts'
import type { Service } from '../service.ts'
import { pageOfAll } from './paging.ts'
import { inPool, type NodeParts } from './parts.ts'
import { timeText } from './words.ts'

type TransferOperations = Pick<Service, 'startImport' | 'transfers' | 'transfer' | 'steerTransfer' | 'forgetTransfers'>

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
      return { ...pageOfAll(pool.transfers.views().map(toTransfer), query), uncopied }
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
