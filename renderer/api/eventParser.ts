/**
 * The text of an event stream into events (the HTML standard's server-sent events, of which the engine uses id, event, data and
 * comments). It takes pieces cut anywhere. Pure. The browser's own EventSource was rejected: it hands over everything that
 * has arrived as single events in one task, which freezes the window for 200 ms when 10,000 come at once.
 */
export interface ServerEvent {
  readonly name: string
  readonly data: string
}

export interface EventParser {
  /** The events that this piece completes. */
  readonly push: (text: string) => ServerEvent[]
  /** Id of the last complete event; empty before the first. */
  readonly lastId: () => string
}

export function createEventParser(): EventParser {
  let rest = ''
  let name = ''
  let data: string[] = []
  let id = ''
  let lastId = ''

  const take = (line: string, events: ServerEvent[]): void => {
    if (line === '') {
      lastId = id
      if (data.length > 0) events.push({ name: name || 'message', data: data.join('\n') })
      name = ''
      data = []
      return
    }
    const colon = line.indexOf(':')
    const field = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1)
    if (field === 'event') name = value
    else if (field === 'data') data.push(value)
    else if (field === 'id') id = value
  }
  return {
    push(text) {
      const events: ServerEvent[] = []
      rest += text
      let from = 0
      for (let to = rest.indexOf('\n', from); to >= 0; to = rest.indexOf('\n', from)) {
        take(rest.slice(from, rest[to - 1] === '\r' ? to - 1 : to), events)
        from = to + 1
      }
      rest = rest.slice(from)
      return events
    },
    lastId: () => lastId,
  }
}
