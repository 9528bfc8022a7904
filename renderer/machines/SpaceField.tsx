/**
 * How much space a machine gives: a slider up to what its disk has free where that is known (of this machine), and the number itself.
 */
import { NumberInput, Slider, Stack, VisuallyHidden } from '@mantine/core'
import { useId } from 'react'
import type { Node } from '../../shared/index.ts'
import { sizeText } from '../words/sizes.ts'

interface Props {
  readonly node: Node
  readonly bytes: number
  readonly onChange: (bytes: number) => void
}

const gigabyte = 1e9
const steps = 200

export function SpaceField({ node, bytes, onChange }: Props) {
  const id = useId()
  const most = node.freeDiskBytes === undefined ? null : node.usedBytes + node.freeDiskBytes
  const least = Math.min(node.usedBytes, most ?? node.usedBytes)
  return (
    <Stack gap={6}>
      <NumberInput
        label="Space for the pool"
        description={
          most === null
            ? `${sizeText(node.usedBytes)} are used. Its disk is never filled up, whatever is given.`
            : `${sizeText(node.usedBytes)} are used, ${sizeText(node.freeDiskBytes ?? 0)} are free on the disk${bytes > most ? ', so less than this comes in' : ''}.`
        }
        suffix=" GB"
        min={0}
        decimalScale={1}
        thousandSeparator
        value={Math.round((bytes / gigabyte) * 10) / 10}
        onChange={(value) => value !== '' && onChange(Math.round(Number(value) * gigabyte))}
      />
      {most === null ? null : (
        <>
          <VisuallyHidden id={id}>Space for the pool, as a part of the disk</VisuallyHidden>
          <Slider
            aria-labelledby={id}
            thumbProps={{ 'aria-labelledby': id, 'aria-valuetext': sizeText(bytes) }}
            min={0}
            max={steps}
            value={Math.min(steps, Math.round((steps * bytes) / Math.max(1, most)))}
            onChange={(step) => onChange(Math.max(least, Math.round((most * step) / steps)))}
            label={sizeText(bytes)}
          />
        </>
      )}
    </Stack>
  )
}
