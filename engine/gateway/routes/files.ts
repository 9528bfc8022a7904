/**
 * Files by path: bytes in and out. Uploads stream from the socket to the engine and downloads back, both under
 * back-pressure; nothing is held whole. A file's content is shown in a sandbox, apart from the app's own origin.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import {
  type BatchFile,
  decodeBatch,
  fileQuerySchema,
  idSchema,
  mediaTypeOf,
  parseJsonPath,
  putFileQuerySchema,
} from '../../../shared/index.ts'
import { EngineError, messageOf } from '../../base/error.ts'
import { limits } from '../../limits.ts'
import type { Clock } from '../../ports.ts'
import { bodyOf, goneSignal, sendParts } from '../bodies.ts'
import { problemOf } from '../problems.ts'
import { etagOf, httpDate, select, versionsOfIfMatch } from '../preconditions.ts'
import type { PutOptions, Service } from '../service.ts'
import type { StallWatch } from '../stallWatch.ts'
import { check, headerOf, modifiedOf, pathOf, requireToken } from './query.ts'

export const filesPrefix = '/v1/files/'
export const batchesPath = '/v1/batches'

export interface FileRoutesOptions {
  readonly service: Service
  readonly clock: Clock
  readonly watch: StallWatch
}

export function fileRoutes(app: FastifyInstance, { service, watch }: FileRoutesOptions): void {
  // Bodies of files are never parsed, whatever they say they are.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _body, done) => done(null))

  app.put(`${filesPrefix}*`, async (request, reply) => {
    const options = putOptions(request, goneSignal(reply.raw))
    const from = localSource(request)
    const { entry, created } =
      from === undefined
        ? await service.putFile(filePath(request), bodyOf(request.raw, watch), options)
        : await putLocal(filePath(request), from, options)
    reply.code(created ? 201 : 200)
    if (entry.version !== null) reply.header('etag', etagOf(entry.version))
    return entry
  })

  async function putLocal(path: string[], from: string, options: PutOptions) {
    if (service.putLocalFile === undefined) {
      throw new EngineError('source-unreadable', 'This node reads no files of its computer; send the bytes.')
    }
    return await service.putLocalFile(path, from, options)
  }

  app.post(batchesPath, async (request, reply) => {
    const batch = await readBatch(request, watch)
    const results = await service.putFiles(
      batch.map(({ head, bytes }) => ({
        path: parseJsonPath(head.path),
        bytes,
        ...(head.modified === undefined ? {} : { modifiedMs: Date.parse(head.modified) }),
      })),
      { signal: goneSignal(reply.raw) },
    )
    const items = results.map((result, index) => {
      const path = batch[index]?.head.path ?? ''
      return 'error' in result ? { path, problem: problemOf(result.error) } : { path, ...result }
    })
    return { items }
  })

  app.get(`${filesPrefix}*`, { exposeHeadRoute: false }, (request, reply) => answerFile('GET', request, reply))
  app.head(`${filesPrefix}*`, (request, reply) => answerFile('HEAD', request, reply))

  app.delete(`${filesPrefix}*`, async (request, reply) => {
    const confirm = headerOf(request, 'confirm')
    const ifMatch = request.headers['if-match']
    await service.deleteFile(filePath(request), {
      ...(confirm === undefined ? {} : { confirm }),
      ...(ifMatch === undefined ? {} : { ifMatch: versionsOfIfMatch(ifMatch) }),
    })
    return reply.code(204).send()
  })

  async function answerFile(method: 'GET' | 'HEAD', request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const { version } = request.query as { version?: string }
    if (version !== undefined && !idSchema.safeParse(version).success) {
      throw new EngineError('not-found', `The file has no version ${JSON.stringify(version.slice(0, 80))}.`)
    }
    const file = await service.openFile(filePath(request), check(fileQuerySchema, request.query).version)
    const etag = etagOf(file.version)
    const selection = select(method, request.headers, { ...file, etag })
    const headers: Record<string, string | number> = {
      etag,
      'last-modified': httpDate(file.modifiedMs),
      'accept-ranges': 'bytes',
      'cache-control': 'private, no-cache',
      'content-security-policy': 'sandbox',
    }
    if (!('from' in selection)) {
      if (selection.status === 304) return void (await reply.code(304).headers(headers).send())
      if (selection.status === 412) throw new EngineError('precondition-failed', 'The file has another version now.')
      reply.header('content-range', `bytes */${file.sizeBytes}`)
      throw new EngineError('bad-range', `The file has ${file.sizeBytes} bytes.`)
    }
    const { status, from, to } = selection
    headers['content-type'] = mediaTypeOf(file.entry.name)
    headers['content-length'] = to - from
    headers['content-disposition'] = `inline; filename*=UTF-8''${encodeName(file.entry.name)}`
    if (status === 206) headers['content-range'] = `bytes ${from}-${to - 1}/${file.sizeBytes}`
    if (method === 'HEAD') {
      await reply.code(200).headers(headers).send()
      return
    }
    const response = reply.raw
    await sendParts(
      response,
      {
        parts: file.read(from, to, goneSignal(response)),
        sizeBytes: to - from,
        release: file.release?.bind(file),
      },
      () => {
        reply.hijack()
        response.writeHead(status, headers)
      },
      watch,
    )
  }
}

/** The whole body of a batch. Throws `too-large`, `bad-request`. */
async function readBatch(request: FastifyRequest, watch: StallWatch): Promise<BatchFile[]> {
  const parts: Uint8Array[] = []
  let sizeBytes = 0
  for await (const part of bodyOf(request.raw, watch)) {
    sizeBytes += part.length
    if (sizeBytes > limits.batchBodyMaxBytes)
      throw new EngineError('too-large', 'The batch is too large; send fewer files.')
    parts.push(part)
  }
  try {
    return decodeBatch(Buffer.concat(parts))
  } catch (error) {
    throw new EngineError('bad-request', `The body is no batch of files: ${messageOf(error)}.`, { cause: error })
  }
}

/** The local file that the node is to read itself. A browser's session may not ask for that. */
function localSource(request: FastifyRequest): string | undefined {
  if (!request.originalUrl.includes('?')) return undefined
  const { from } = check(putFileQuerySchema, request.query)
  if (from !== undefined) requireToken(request)
  return from
}

function filePath(request: FastifyRequest): string[] {
  const path = pathOf(request, filesPrefix)
  if (path.length === 0) throw new EngineError('bad-path', 'The path names no file.')
  return path
}

function putOptions(request: FastifyRequest, signal: AbortSignal): PutOptions {
  const { headers } = request
  const ifMatch = headers['if-match']
  const ifNoneMatch = headers['if-none-match']
  if (ifNoneMatch !== undefined && ifNoneMatch.trim() !== '*') {
    throw new EngineError('bad-request', 'With PUT only "If-None-Match: *" is understood.')
  }
  if (headers['content-range'] !== undefined) {
    throw new EngineError('bad-request', 'A part of a file cannot be stored; send it whole.')
  }
  const query = request.originalUrl.includes('?') ? check(putFileQuerySchema, request.query) : {}
  const modifiedMs = modifiedOf(request)
  const length = headers['content-length']
  return {
    signal,
    ...(ifNoneMatch === undefined ? {} : { ifNoneMatch: true }),
    ...(ifMatch === undefined ? {} : { ifMatch: versionsOfIfMatch(ifMatch) }),
    ...(modifiedMs === undefined ? {} : { modifiedMs }),
    ...(query.wait === undefined ? {} : { wait: query.wait }),
    ...(query.waitMs === undefined ? {} : { waitMs: query.waitMs }),
    ...(length === undefined ? {} : { sizeBytes: Number(length) }),
  }
}

/** RFC 8187: what encodeURIComponent leaves but the RFC does not. */
function encodeName(name: string): string {
  return encodeURIComponent(name).replace(/['()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
}
