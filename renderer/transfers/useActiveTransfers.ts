/** How many uploads of this window and imports of the engine are under way. */
import { useQuery } from '@tanstack/react-query'
import { transfersQuery } from '../api/queries.ts'
import { useValue } from '../api/value.ts'
import { isActive } from './lines.ts'
import { activeUploads } from './uploads.ts'

export function useActiveTransfers(): number {
  const imports = useQuery({ ...transfersQuery, retry: false })
  return useValue(activeUploads) + (imports.data ?? []).filter(isActive).length
}
