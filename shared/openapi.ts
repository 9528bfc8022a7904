/**
 * The OpenAPI 3.1 document, built from the table of routes and the schemas that also validate requests, so that the
 * published contract cannot drift from what the gateway accepts.
 */
import { z } from 'zod'
import { problemSchema } from './basics.ts'
import { type ErrorCode, errorKind } from './errors.ts'
import type { RawBody, Route } from './route.ts'
import { routes } from './routes.ts'

type Json = Record<string, unknown>

const mediaTypes: Readonly<Record<Exclude<RawBody, 'nothing'>, string>> = {
  bytes: 'application/octet-stream',
  text: 'text/plain',
  events: 'text/event-stream',
  html: 'text/html',
}

/** The document for one version of the software. */
export function openApiDocument(version: string): Json {
  const components: Json = {}
  const paths: Record<string, Json> = {}
  for (const route of routes) {
    const operations = paths[route.path] ?? {}
    operations[route.method.toLowerCase()] = operation(route, components)
    paths[route.path] = operations
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Hadahoop', version, description: 'The API of one Hadahoop node.' },
    paths,
    components: {
      schemas: components,
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
    },
    security: [{ token: [] }],
  }
}

function operation(route: Route, components: Json): Json {
  const responses: Json = {}
  for (const [status, answer] of Object.entries(route.answers)) {
    responses[status] = { description: route.summary, ...content(answer, components) }
  }
  for (const [status, codes] of errorsByStatus(route)) {
    responses[status] ??= {
      description: codes.join(', '),
      ...content(problemSchema, components),
    }
  }
  return {
    summary: route.summary,
    ...(route.open ? { security: [] } : {}),
    parameters: parameters(route),
    ...(route.body === undefined ? {} : { requestBody: { required: true, ...content(route.body, components) } }),
    responses,
  }
}

function errorsByStatus(route: Route): Map<number, ErrorCode[]> {
  const always: ErrorCode[] = route.open
    ? ['foreign-host']
    : ['bad-request', 'unauthorized', 'foreign-host', 'foreign-origin']
  const byStatus = new Map<number, ErrorCode[]>()
  for (const code of [...always, ...(route.errors ?? [])]) {
    const { status } = errorKind(code)
    byStatus.set(status, [...(byStatus.get(status) ?? []), code])
  }
  return byStatus
}

function content(body: z.ZodType | RawBody, components: Json): Json {
  if (body === 'nothing') return {}
  if (typeof body === 'string') return { content: { [mediaTypes[body]]: {} } }
  const type = body === problemSchema ? 'application/problem+json' : 'application/json'
  return { content: { [type]: { schema: schemaOf(body, 'input', components) } } }
}

/** The schema in JSON Schema's words; named parts move to `components` and are referred to. */
function schemaOf(schema: z.ZodType, io: 'input' | 'output', components: Json): unknown {
  const wrapped = z.toJSONSchema(z.object({ it: schema }), { io, unrepresentable: 'any' }) as unknown as {
    properties: { it: unknown }
    $defs?: Json
  }
  const moved = (value: unknown): unknown =>
    JSON.parse(JSON.stringify(value).replaceAll('"#/$defs/', '"#/components/schemas/'))
  for (const [id, part] of Object.entries(wrapped.$defs ?? {})) {
    const { id: _, ...rest } = moved(part) as Json
    components[id] ??= rest
  }
  return moved(wrapped.properties.it)
}

function parameters(route: Route): Json[] {
  const inPath = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
    ...(name === 'path' ? { description: 'segments joined by /, each percent-encoded once', allowReserved: true } : {}),
  }))
  const inQuery = Object.entries(route.query?.shape ?? {}).map(([name, schema]) => ({
    name,
    in: 'query',
    required: !(schema as z.ZodType).safeParse(undefined).success,
    explode: false,
    schema: schemaOf(schema as z.ZodType, 'output', {}),
  }))
  const inHeaders = Object.entries(route.headers ?? {}).map(([name, description]) => ({
    name,
    in: 'header',
    description,
    schema: { type: 'string' },
  }))
  return [...inPath, ...inQuery, ...inHeaders]
}
