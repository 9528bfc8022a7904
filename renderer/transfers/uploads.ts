/** STUB */
import { createValue } from '../api/value.ts'
export const activeUploads = createValue(0)
