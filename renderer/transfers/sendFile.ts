/** One file to the engine, with progress, which `fetch` does not tell of uploads. */
import type { Entry, Problem as ProblemDocument } from '../../shared/index.ts'
import { encodePath } from '../../shared/paths.ts'
import { EngineGone, refusal } from '../api/client.ts'
import type { Picked } from './uploads.ts'

/** The entry as stored. Throws Problem, EngineGone; after an abort, anything. */
export function sendFile(
  { file, names }: Picked,
  signal: AbortSignal,
  onSent: (bytes: number) => void,
): Promise<Entry> {
  return new Promise((resolve, reject) => {
    const sending = new XMLHttpRequest()
    sending.open('PUT', `/v1/files/${encodePath(names)}`)
    sending.setRequestHeader('x-modified', new Date(file.lastModified).toISOString())
    sending.upload.addEventListener('progress', (event) => onSent(event.loaded))
    sending.addEventListener('load', () => {
      const answer = parse(sending.responseText)
      if (sending.status < 300 && answer !== undefined) resolve(answer as Entry)
      else reject(refusal((answer ?? unknownProblem(sending)) as ProblemDocument))
    })
    sending.addEventListener('error', () => reject(new EngineGone()))
    sending.addEventListener('abort', () => reject(new EngineGone()))
    signal.addEventListener('abort', () => sending.abort(), { once: true })
    sending.send(file)
  })
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // no answer of the engine's own
  }
}

function unknownProblem({ status, statusText }: XMLHttpRequest): ProblemDocument {
  return {
    type: 'about:blank',
    title: statusText,
    status,
    code: 'internal',
    detail: statusText || 'The engine refused.',
  }
}
