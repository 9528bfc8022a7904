/** Declares a request by name, lane and the shapes of its two bodies; both ends use the same declaration. */
import type { z } from 'zod'
import type { Message } from './types.ts'

/** `name` is what travels, so it must stay the same across releases. `data` is for bulk, `control` for all else. */
export function defineMessage<Request, Response>(
  name: string,
  lane: 'control' | 'data',
  request: z.ZodType<Request>,
  response: z.ZodType<Response>,
): Message<Request, Response> {
  return { name, lane, request, response }
}
