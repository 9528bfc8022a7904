/** What losing machines would mean: files that would go, what would be copied anew, whether there is room for it. */
import { Text } from '@mantine/core'
import type { WhatIf } from '../../shared/index.ts'
import { filesText, sizeText } from '../words/sizes.ts'

/** `left`: machines that would remain. */
export function WhatIfAnswer({ facts, left }: { readonly facts: WhatIf; readonly left: number }) {
  const { files, bytesLost, bytesToCopy, fits } = facts
  return (
    <Text mt={6}>
      {files.lost === 0 ? (
        <strong>No file would be lost. </strong>
      ) : (
        <strong>
          {filesText(files.lost)} would be lost, {sizeText(bytesLost)}. {filesText(files.survive)} would survive.{' '}
        </strong>
      )}
      {bytesToCopy === 0
        ? 'Nothing would have to be copied anew.'
        : `${sizeText(bytesToCopy)} would be copied anew, ${roomText(fits, left)}`}
    </Text>
  )
}

function roomText(fits: boolean, left: number): string {
  if (fits) return 'and there is room for that.'
  return left < 2 ? 'but no other machine is left to take it.' : 'but there is not enough room for that.'
}
