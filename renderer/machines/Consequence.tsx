/** What it would mean to be without a machine, inside the dialogs that part from one. */
import { Alert, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { IconAlertTriangle } from '@tabler/icons-react'
import type { Node } from '../../shared/index.ts'
import { whatIfQuery } from '../api/queries.ts'
import { filesText, sizeText } from '../words/sizes.ts'

interface Props {
  readonly node: Node
  /** What helps first where files would be lost. */
  readonly advice: string
}

export function Consequence({ node, advice }: Props) {
  const { data } = useQuery({ ...whatIfQuery([node.id]), staleTime: 0 })
  if (data === undefined) return null
  const { files, bytesLost, bytesToCopy, fits } = data
  if (files.lost > 0) {
    return (
      <Alert color="red" variant="light" icon={<IconAlertTriangle aria-hidden />}>
        <Text c="var(--mantine-color-text)">
          {filesText(files.lost)} ({sizeText(bytesLost)}) are on no other machine and would be lost. {advice}
        </Text>
      </Alert>
    )
  }
  return (
    <Text>
      No file would be lost.{' '}
      {bytesToCopy === 0
        ? 'Nothing has to be copied.'
        : `${sizeText(bytesToCopy)} ${fits ? 'will be copied to the other machines; there is room for it.' : 'would have to be copied, and the other machines have too little room: some files would keep fewer copies.'}`}
    </Text>
  )
}
