/** The beginning of a text, as text whatever it holds. */
import { Loader, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { EngineGone, problemOf, wordsOf } from '../../api/client.ts'
import { Message } from '../../app/Message.tsx'
import { sizeText } from '../../words/sizes.ts'
import classes from './Preview.module.css'

const shownBytes = 512 * 1024

export function TextPreview({ address, sizeBytes }: { readonly address: string; readonly sizeBytes: number }) {
  const text = useQuery({
    queryKey: ['text', address],
    queryFn: ({ signal }) => beginningOf(address, sizeBytes, signal),
    gcTime: 0,
  })
  if (text.isError)
    return <Message title="It cannot be read now" text={wordsOf(text.error)} onRetry={() => void text.refetch()} />
  if (text.data === undefined) return <Loader />
  return (
    <div tabIndex={0} className={classes.text} role="document" aria-label="Text">
      {text.data}
      {sizeBytes > shownBytes ? (
        <Text c="dimmed" className={classes.textEnd}>
          The first {sizeText(shownBytes)} of {sizeText(sizeBytes)}. Download it to see all.
        </Text>
      ) : null}
    </div>
  )
}

async function beginningOf(address: string, sizeBytes: number, signal: AbortSignal): Promise<string> {
  if (sizeBytes === 0) return ''
  const headers = sizeBytes > shownBytes ? { range: `bytes=0-${shownBytes - 1}` } : undefined
  const response = await fetch(address, { signal, ...(headers === undefined ? {} : { headers }) }).catch((error) => {
    throw signal.aborted ? error : new EngineGone()
  })
  if (!response.ok) throw await problemOf(response)
  return await response.text()
}
