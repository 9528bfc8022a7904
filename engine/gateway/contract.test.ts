import assert from 'node:assert/strict'
import test from 'node:test'
import { openApiDocument, routes } from '../../shared/index.ts'
import { startMemoryNode, startNodeOn } from '../sim/memoryNode.ts'
import { MemoryService } from '../sim/memoryService.ts'

/** A service that has every operation, so that every route is there. */
function wholeService(): MemoryService {
  const none = async () => ({})
  return Object.assign(new MemoryService(), {
    startPairing: none,
    confirmPairing: none,
    rejectPairing: none,
    settle: none,
    emptyTrash: none,
    whatIf: none,
    resumeRepair: none,
    setConditions: none,
    replaceNode: none,
    startImport: none,
    transfers: none,
    transfer: none,
    steerTransfer: none,
    forgetTransfers: none,
    linkedFolders: none,
    linkFolder: none,
    changeLinkedFolder: none,
    unlinkFolder: none,
    settings: none,
    log: none,
    secrets: none,
    protectSecrets: none,
    patchSettings: none,
    activity: none,
    scrub: none,
    metrics: async () => '',
  })
}

test('every operation of the contract is routed, and no other', async () => {
  await using node = await startNodeOn(wholeService())
  const methodsByPath = new Map<string, string[]>()
  for (const { path, method } of routes) methodsByPath.set(path, [...(methodsByPath.get(path) ?? []), method])
  for (const [path, methods] of methodsByPath) {
    const url = path.replace('{path}', 'a').replace(/\{\w+\}/g, 'f'.repeat(32))
    const response = await node.ask(url, { method: 'OPTIONS' })
    assert.equal(response.status, 405, path)
    const allowed = (response.headers.get('allow') ?? '').split(', ').filter((method) => method !== 'HEAD')
    assert.deepEqual(allowed.sort(), methods.filter((method) => method !== 'HEAD').sort(), path)
  }
})

test('answers have the shapes that the contract names', async () => {
  await using node = await startMemoryNode()
  await node.ask('/v1/files/dir/a.txt', { method: 'PUT', body: 'x' })
  const { id, version } = (await (await node.ask('/v1/files/b', { method: 'PUT', body: 'x' })).json()) as {
    id: string
    version: string
  }
  const gone = (await (await node.ask('/v1/files/c', { method: 'PUT', body: 'x' })).json()) as { id: string }
  await node.ask('/v1/files/c', { method: 'DELETE' })
  const asked: [string, string, string, unknown?][] = [
    ['GET', '/v1/pool', '/v1/pool'],
    ['POST', '/v1/pool/invites', '/v1/pool/invites'],
    ['GET', '/v1/discovered', '/v1/discovered'],
    ['PUT', '/v1/files/{path}', '/v1/files/b'],
    ['GET', '/v1/folders/{path}', '/v1/folders/'],
    ['PUT', '/v1/folders/{path}', '/v1/folders/new'],
    ['GET', '/v1/entries', '/v1/entries?path=/dir'],
    ['GET', '/v1/entries/{id}', `/v1/entries/${id}`],
    ['PATCH', '/v1/entries/{id}', `/v1/entries/${id}`, { path: '/dir/b' }],
    ['POST', '/v1/entries/{id}/copy', `/v1/entries/${id}/copy`, { path: '/copy' }],
    ['GET', '/v1/entries/{id}/versions', `/v1/entries/${id}/versions`],
    ['POST', '/v1/entries/{id}/versions/{version}/restore', `/v1/entries/${id}/versions/${version}/restore`],
    ['GET', '/v1/entries/{id}/replicas', `/v1/entries/${id}/replicas`],
    ['GET', '/v1/trash', '/v1/trash'],
    ['POST', '/v1/trash/{id}/restore', `/v1/trash/${gone.id}/restore`],
    ['GET', '/v1/search', '/v1/search?q=a'],
    ['GET', '/v1/nodes', '/v1/nodes'],
    ['PATCH', '/v1/nodes/{id}', `/v1/nodes/${node.service.nodeId}`, { name: 'new' }],
    ['GET', '/v1/health', '/v1/health'],
    ['GET', '/v1/doctor', '/v1/doctor'],
    ['GET', '/openapi.json', '/openapi.json'],
    ['POST', '/v1/session/links', '/v1/session/links'],
  ]
  for (const [method, path, url, body] of asked) {
    const route = routes.find((one) => one.method === method && one.path === path)
    const response = await node.ask(url, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    })
    const schema = route?.answers[response.status]
    assert(schema !== undefined && typeof schema !== 'string', `${method} ${url} answered ${response.status}`)
    const checked = schema.safeParse(await response.json())
    assert(checked.success, `${method} ${url}: ${checked.error?.message}`)
  }
})

test('the OpenAPI document refers only to what it holds, and says what each operation answers', () => {
  const document = openApiDocument('1.2.3') as {
    paths: Record<
      string,
      Record<string, { responses: Record<string, unknown>; parameters: { name: string; in: string }[] }>
    >
    components: { schemas: Record<string, unknown> }
  }
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(
    ([, reference]) => reference as string,
  )
  assert(references.length > 50)
  for (const reference of references) {
    assert(Object.hasOwn(document.components.schemas, reference.replace('#/components/schemas/', '')), reference)
  }
  const put = document.paths['/v1/files/{path}']?.['put']
  assert.deepEqual(Object.keys(put?.responses ?? {}), ['200', '201', '400', '401', '403', '409', '412', '507'])
  assert(put?.parameters.some(({ name }) => name === 'X-Modified'))
  const listed = Object.values(document.paths).reduce((sum, operations) => sum + Object.keys(operations).length, 0)
  assert.equal(listed, routes.length)
})
