/** A state as icon and word, its sentence on hover and for screen readers. */
import { Tooltip } from '@mantine/core'
import type { StateLook } from './states.ts'
import classes from './StateBadge.module.css'

interface Props {
  readonly look: StateLook
  /** What, why and what next. */
  readonly sentence?: string
  readonly iconOnly?: boolean
}

export function StateBadge({ look, sentence, iconOnly = false }: Props) {
  const badge = (
    <span className={classes.badge}>
      <look.icon size={16} stroke={1.8} color={look.color} aria-hidden />
      {iconOnly ? null : (
        <span className={classes.word} data-word>
          {look.word}
        </span>
      )}
    </span>
  )
  if (!sentence) return badge
  return (
    <Tooltip label={sentence} multiline maw={320} events={{ hover: true, focus: false, touch: true }}>
      {badge}
    </Tooltip>
  )
}
