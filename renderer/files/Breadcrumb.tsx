/** The way to this folder; each step is a link, and a place to drop rows on. */
import { IconChevronRight } from '@tabler/icons-react'
import { joinPath } from '../../shared/paths.ts'
import { folderAddress } from '../app/address.ts'
import { Link } from '../app/Link.tsx'
import classes from './Breadcrumb.module.css'
import { useEntryDrop } from './useEntryDrop.ts'

interface Props {
  readonly folder: readonly string[]
  readonly onDrop: (ids: readonly string[], folder: readonly string[]) => void
}

/** Steps that are always shown; those between them fold into an ellipsis. */
const endSteps = 3

export function Breadcrumb({ folder, onDrop }: Props) {
  const steps = [[], ...folder.map((_, at) => folder.slice(0, at + 1))]
  const hidden = steps.length > endSteps + 2 ? steps.length - endSteps - 1 : 0
  return (
    <nav aria-label="Folder" className={classes.crumbs}>
      <ol>
        {steps.map((names, at) => {
          if (hidden > 0 && at > 0 && at <= hidden) {
            return at === hidden ? (
              <li key="more">
                <IconChevronRight size={16} aria-hidden />
                <Link to={folderAddress(names)} className={classes.crumb} title={names.join(' / ')}>
                  …
                </Link>
              </li>
            ) : null
          }
          return (
            <li key={names.join('/')}>
              {at === 0 ? null : <IconChevronRight size={16} aria-hidden />}
              <Step names={names} isLast={at === steps.length - 1} onDrop={onDrop} />
            </li>
          )
        })}
      </ol>
    </nav>
  )
}

interface StepProps {
  readonly names: readonly string[]
  readonly isLast: boolean
  readonly onDrop: Props['onDrop']
}

function Step({ names, isLast, onDrop }: StepProps) {
  const target = useEntryDrop((ids) => onDrop(ids, names))
  const word = names.at(-1) ?? 'All files'
  if (isLast) {
    return (
      <h1 className={classes.here} aria-current="page">
        {word}
      </h1>
    )
  }
  return (
    <Link to={folderAddress(names)} className={classes.crumb} data-folder={joinPath(names)} {...target}>
      {word}
    </Link>
  )
}
