/** Words for what kind of computer a machine is. */
import type { DeviceClass } from '../../shared/index.ts'

export const kindWords: Readonly<Record<DeviceClass, string>> = {
  'always-on': 'Always on',
  desktop: 'Desktop',
  laptop: 'Laptop',
}
