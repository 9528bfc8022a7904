/** The icon of a folder, or of a file by what its name says it holds. */
import {
  IconFile,
  IconFileText,
  IconFileZip,
  IconFolderFilled,
  IconMovie,
  IconMusic,
  IconPhoto,
} from '@tabler/icons-react'
import type { Entry } from '../../shared/index.ts'
import { contentTypeOf } from '../../shared/mediaTypes.ts'
import classes from './EntryIcon.module.css'

const icons = {
  image: IconPhoto,
  video: IconMovie,
  audio: IconMusic,
  document: IconFileText,
  archive: IconFileZip,
  other: IconFile,
} as const

export function EntryIcon({
  entry,
  size = 20,
}: {
  readonly entry: Pick<Entry, 'kind' | 'name'>
  readonly size?: number
}) {
  if (entry.kind === 'folder') return <IconFolderFilled size={size} className={classes.folder} aria-hidden />
  const type = contentTypeOf(entry.name)
  const Icon = icons[type]
  return <Icon size={size} stroke={1.6} className={classes[type]} aria-hidden />
}
