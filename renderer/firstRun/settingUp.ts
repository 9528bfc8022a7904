/** True between joining or creating a pool here and having described this machine. */
import { createValue } from '../api/value.ts'

export const settingUp = createValue(false)
