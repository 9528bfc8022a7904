/** How settings stand below each other: sections, and in them lines of a word, its consequence and its control. */
import { NumberInput, Text, Title } from '@mantine/core'
import { type ReactNode, useId, useState } from 'react'
import classes from './SettingsScreen.module.css'

interface SectionProps {
  readonly title: string
  readonly children: ReactNode
}

export function Section({ title, children }: SectionProps) {
  return (
    <section className={classes.section} aria-label={title}>
      <Title order={2} size="h3" fw={600}>
        {title}
      </Title>
      {children}
    </section>
  )
}

interface LineProps {
  readonly word: string
  readonly consequence: string
  readonly children: (id: string, describedBy: string) => ReactNode
}

/** A setting: its word, its consequence in one line, its control. */
export function Line({ word, consequence, children }: LineProps) {
  const id = useId()
  return (
    <div className={classes.line}>
      <div className={classes.words}>
        <label htmlFor={id}>{word}</label>
        <Text size="sm" c="dimmed" id={`${id}-why`}>
          {consequence}
        </Text>
      </div>
      {children(id, `${id}-why`)}
    </div>
  )
}

interface NumberProps {
  readonly word: string
  readonly consequence: string
  readonly value: number
  readonly least?: number
  readonly onSave: (value: number) => void
}

/** Saved when it is left or Enter is pressed, so that half a number never counts. */
export function NumberLine({ word, consequence, value, least = 0, onSave }: NumberProps) {
  const [edited, edit] = useState<number | string | null>(null)
  const commit = (): void => {
    const wanted = edited === null || edited === '' ? value : Number(edited)
    edit(null)
    if (Number.isFinite(wanted) && wanted !== value) onSave(wanted)
  }
  return (
    <Line word={word} consequence={consequence}>
      {(id, why) => (
        <NumberInput
          id={id}
          aria-describedby={why}
          w={110}
          min={least}
          max={3650}
          value={edited ?? value}
          onChange={edit}
          onBlur={commit}
          onKeyDown={(event) => event.key === 'Enter' && commit()}
        />
      )}
    </Line>
  )
}
