/**
 * A gateway over a MemoryService on a real port: what the tests of gateway and command line talk to.
 */
import { gzipSync } from 'node:zlib'
import { loadIdentity } from '../identity/index.ts'
import { createDisk, systemClock, systemRandom } from '../platform/index.ts'
import type { Assets, Service } from '../gateway/index.ts'
import { createGateway, type Gateway, type GatewayOptions } from '../gateway/gateway.ts'
import { MemoryService, type MemoryServiceOptions } from './memoryService.ts'

export interface MemoryNode<S extends Service = MemoryService> extends AsyncDisposable {
  readonly service: S
  readonly gateway: Gateway
  readonly url: string
  readonly token: string
  /** fetch with the token; `path` starts with /. */
  ask(path: string, init?: RequestInit): Promise<Response>
}

const testAssets: Assets = new Map([
  [
    '/',
    {
      bytes: Buffer.from('<!doctype html><meta content="STYLE-NONCE"><title>Hadahoop</title>'),
      mediaType: 'text/html; charset=utf-8',
      etag: '"page"',
      isFixed: false,
    },
  ],
  [
    '/assets/page.js',
    {
      bytes: Buffer.from('export {}'),
      mediaType: 'text/javascript; charset=utf-8',
      etag: '"script"',
      gzip: gzipSync('export {}'),
      isFixed: true,
    },
  ],
])

export async function startMemoryNode(
  options: MemoryServiceOptions & { gateway?: Partial<GatewayOptions> } = {},
): Promise<MemoryNode> {
  return startNodeOn(new MemoryService(options), options.gateway)
}

/** The same over any service. */
export async function startNodeOn<S extends Service>(
  service: S,
  options: Partial<GatewayOptions> = {},
): Promise<MemoryNode<S>> {
  const token = 'a token of the tests'
  const gateway = createGateway({
    service,
    clock: systemClock,
    random: systemRandom,
    token,
    nodeId: '1'.repeat(32),
    version: '0.0.0',
    assets: testAssets,
    ...options,
  })
  await gateway.start()
  return {
    service,
    gateway,
    token,
    url: gateway.url,
    ask(path, init = {}) {
      const headers = new Headers(init.headers)
      if (!headers.has('authorization')) headers.set('authorization', `Bearer ${token}`)
      return fetch(gateway.url + path, { ...init, headers })
    },
    [Symbol.asyncDispose]: () => gateway.stop(),
  }
}

/** A certificate and its key as a node makes them, kept in `folder`. */
export async function testCertificate(folder: string): Promise<{ certificatePem: string; privateKeyPem: string }> {
  return loadIdentity({ disk: createDisk(folder), random: systemRandom }, 'f'.repeat(32))
}
