/**
 * The engine's event stream as the app listens to it: names and data, in order, until it ends. Parsed by hand, since Node's
 * EventSource is experimental and takes no header.
 */

export interface StreamEvent {
  readonly name: string
  readonly data: string
}

/** One event of the engine has far less; a longer one is dropped. */
const eventMaxChars = 4 * 1024 * 1024

/** Reads server-sent events from parts of a response. */
export async function* readEvents(parts: AsyncIterable<Uint8Array>): AsyncGenerator<StreamEvent, void, void> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const part of parts) {
    text += decoder.decode(part, { stream: true })
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const event = parse(text.slice(0, end))
      text = text.slice(end + 2)
      if (event !== undefined) yield event
    }
    if (text.length > eventMaxChars) text = ''
  }
}

function parse(block: string): StreamEvent | undefined {
  let name = 'message'
  const data: string[] = []
  for (const line of block.split('\n')) {
    if (line.startsWith('event:')) name = line.slice('event:'.length).trim()
    else if (line.startsWith('data:')) data.push(line.slice('data:'.length).replace(/^ /, ''))
  }
  return data.length === 0 ? undefined : { name, data: data.join('\n') }
}
