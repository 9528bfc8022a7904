import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { createEventParser, type ServerEvent } from './eventParser.ts'

test('names, data and ids; comments and retry are no events', () => {
  const parser = createEventParser()
  const text = 'retry: 2000\n\n: \n\nid: a-1\nevent: entry\ndata: {"id":"1"}\n\nid: a-2\nevent: reset\ndata: {}\n'
  assert.deepEqual(parser.push(text), [{ name: 'entry', data: '{"id":"1"}' }])
  assert.equal(parser.lastId(), 'a-1')
  assert.deepEqual(parser.push('\n'), [{ name: 'reset', data: '{}' }])
  assert.equal(parser.lastId(), 'a-2')
})

test('lines may end as on Windows, data may have several lines, a name is optional', () => {
  assert.deepEqual(createEventParser().push('data: one\r\ndata:two\r\n\r\n'), [{ name: 'message', data: 'one\ntwo' }])
})

test('wherever a stream is cut, the same events come', () => {
  const event = fc.record({ name: fc.constantFrom('entry', 'node'), data: fc.json() }, { noNullPrototype: true })
  fc.assert(
    fc.property(fc.array(event), fc.array(fc.nat(40)), (events, cuts) => {
      let text = events.map(({ name, data }, at) => `id: ${at}\nevent: ${name}\ndata: ${data}\n\n`).join('')
      const parser = createEventParser()
      const found: ServerEvent[] = []
      for (const cut of cuts) {
        found.push(...parser.push(text.slice(0, cut)))
        text = text.slice(cut)
      }
      found.push(...parser.push(text))
      assert.deepEqual(found, events)
    }),
  )
})
