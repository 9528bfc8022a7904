/**
 * A node on a real machine: the data folder locked, the ports made real, the engine behind its gateway, `api.json` for whoever
 * wants to talk to it. Started by the command line, by tests and by the desktop shell alike.
 */
import { readdir, readFile } from 'node:fs/promises'
import { availableParallelism, hostname } from 'node:os'
import { VERSION } from '../shared/index.ts'
import { createThreadedCompute } from './chunks/index.ts'
import { Engine } from './engine.ts'
import { limits } from './limits.ts'
import { type Assets, createGateway, loadAssets, Logbook, secretsOperations } from './gateway/index.ts'
import { IDENTITY_FILE, loadIdentity, POOL_FILE, SecretFiles } from './identity/index.ts'
import {
  createDiscovery,
  createDisk,
  createLocalFiles,
  createTransport,
  isPortFree,
  lockFolder,
  machineHash,
  probeRuntime,
  spawnThread,
  systemClock,
  systemRandom,
  watchInterfaces,
} from './platform/index.ts'

export interface NodeOptions {
  readonly dataDir: string
  readonly name?: string
  readonly apiPort?: number
  readonly peerPort?: number
  /** Address for peers; all interfaces by default. */
  readonly listen?: string
  /** Address for the API; 127.0.0.1 by default, any other with TLS. */
  readonly apiListen?: string
  readonly discovery?: boolean
  readonly site?: string
  readonly quotaBytes?: number
  readonly minimumFreeBytes?: number
  /** Opens and wraps the node's secrets, 32 bytes from the system's keychain; without, they lie in files for their owner. */
  readonly secretsKey?: Buffer
  /** Told of what went wrong in the background, one line each. */
  readonly log?: (line: string) => void
}

export interface RunningNode {
  readonly nodeId: string
  readonly url: string
  readonly token: string
  /** host:port for peers, most likely first. */
  readonly peerAddress: string
  loginUrl(): string
  stop(): Promise<void>
}

/**
 * Where the build puts the window, seen from the source and from the built file (dist/lib/engine/main.js), and the page that stands
 * in where it did not.
 */
const windowFolders = ['../dist/window/', '../../window/', './gateway/page/'].map(
  (folder) => new URL(folder, import.meta.url),
)
const apiFile = 'api.json'
const portsFile = 'ports.json'
const secretMode = 0o600

/** Starts a node; resolves when requests are answered. Throws `folder-in-use`, `port-taken`, `runtime`, `newer-database`, `secrets-wrapped`, `secrets-key`. */
export async function startNode(options: NodeOptions): Promise<RunningNode> {
  probeRuntime()
  // Whatever the data folder's own mode is: its files are this user's alone.
  process.umask(0o077)
  const logbook = new Logbook(systemClock, options.log ?? (() => undefined))
  const log = (line: string): void => logbook.note(line)
  await using cleanup = new AsyncDisposableStack()
  cleanup.use(lockFolder(options.dataDir))
  const disk = createDisk(options.dataDir)
  disk.removeLeftovers().catch((error: unknown) => log(`leftovers stay: ${String(error)}`))
  for (const file of await disk.protect([IDENTITY_FILE, POOL_FILE, apiFile])) {
    log(`${file} could be read by others on this computer; that is mended now`)
  }
  const secrets = await SecretFiles.open({ disk, random: systemRandom, key: options.secretsKey })
  const identity = await loadIdentity({ disk: secrets, random: systemRandom }, await machineHash())
  const kept = await readPorts(disk)
  const stillFree = async (port: number | undefined, host: string | undefined): Promise<number | undefined> => {
    if (port === undefined || (await isPortFree(port, host))) return port
    log(`another program has port ${port}, which was this node's: it takes a new one`)
    return undefined
  }
  const peerPort = options.peerPort ?? (await stillFree(kept.peerPort, options.listen))
  const compute = createThreadedCompute({ spawn: spawnThread, threads: availableParallelism() })
  const listen = {
    ...(options.listen === undefined ? {} : { host: options.listen }),
    ...(peerPort === undefined ? {} : { port: peerPort }),
  }
  const engine = cleanup.use(
    await Engine.start({
      ports: {
        clock: systemClock,
        random: systemRandom,
        disk: secrets,
        transport: createTransport(identity, systemClock),
        discovery: createDiscovery(systemClock, options.listen === undefined ? {} : { host: options.listen }),
        compute,
      },
      identity,
      profile: {
        name: options.name ?? hostname(),
        site: options.site ?? 'home',
        deviceClass: 'desktop',
        quotaBytes: options.quotaBytes ?? null,
      },
      listen,
      discovery: options.discovery ?? true,
      report: log,
      // Over the network the token must not open files of this computer.
      ...(options.apiListen === undefined ? { localFiles: await createLocalFiles(options.dataDir) } : {}),
      minimumFreeBytes: Math.max(options.minimumFreeBytes ?? limits.minimumFreeBytes, limits.leastMinimumFreeBytes),
    }),
  )
  cleanup.use(watchInterfaces(systemClock, () => engine.interfacesChanged()))
  const token = systemRandom.bytes(32).toString('base64url')
  const { apiListen } = options
  const apiPort = options.apiPort ?? (await stillFree(kept.apiPort, apiListen ?? '127.0.0.1'))
  const gateway = createGateway({
    service: { ...engine.service, ...secretsOperations(secrets), ...logbook.operations() },
    clock: systemClock,
    random: systemRandom,
    token,
    nodeId: identity.nodeId,
    version: VERSION,
    assets: await loadWindow(),
    log,
    ...(apiPort === undefined ? {} : { port: apiPort }),
    ...(apiListen !== undefined
      ? {
          host: apiListen,
          hostNames: [hostname()],
          tls: { certificatePem: identity.certificatePem, privateKeyPem: identity.privateKeyPem },
        }
      : {}),
  })
  await gateway.start()
  cleanup.defer(async () => await gateway.stop())
  await disk.write(portsFile, Buffer.from(JSON.stringify({ apiPort: gateway.port, peerPort: engine.network.port })))
  await disk.writeDurable(
    apiFile,
    Buffer.from(
      JSON.stringify(
        apiListen === undefined
          ? { url: gateway.url, token }
          : { url: gateway.url, token, certificate: identity.certificatePem },
      ),
    ),
    { mode: secretMode },
  )
  cleanup.defer(async () => await disk.remove(apiFile))
  const running = cleanup.move()
  return {
    nodeId: identity.nodeId,
    url: gateway.url,
    token,
    peerAddress: engine.network.addresses()[0] ?? `127.0.0.1:${engine.network.port}`,
    loginUrl: () => gateway.loginUrl(),
    stop: async () => await running.disposeAsync(),
  }
}

/** The window as it was built, else a page that says what to do. */
async function loadWindow(): Promise<Assets> {
  for (const folder of windowFolders) {
    const names = await namesBelow(folder)
    if (names.includes('index.html')) return await loadAssets(names, (name) => readFile(new URL(name, folder)))
  }
  return new Map()
}

/** Paths of all files below a folder, with `/`; none if it does not exist. By hand, since archives of desktop apps know no recursion. */
async function namesBelow(folder: URL, prefix = ''): Promise<string[]> {
  const found = await readdir(folder, { withFileTypes: true }).catch(() => [])
  const names = found.map(async (each) =>
    each.isDirectory()
      ? await namesBelow(new URL(`${encodeURIComponent(each.name)}/`, folder), `${prefix}${each.name}/`)
      : [prefix + each.name],
  )
  return (await Promise.all(names)).flat()
}

/** The ports of the last start: kept while nobody else has them, so that bookmarks and remembered addresses go on working. */
async function readPorts(disk: ReturnType<typeof createDisk>): Promise<{ apiPort?: number; peerPort?: number }> {
  try {
    const kept: unknown = JSON.parse((await disk.read(portsFile)).toString())
    if (typeof kept !== 'object' || kept === null) return {}
    const port = (name: string) => {
      const value = (kept as Record<string, unknown>)[name]
      return Number.isInteger(value) && (value as number) > 0 && (value as number) < 65_536
        ? (value as number)
        : undefined
    }
    const [apiPort, peerPort] = [port('apiPort'), port('peerPort')]
    return { ...(apiPort === undefined ? {} : { apiPort }), ...(peerPort === undefined ? {} : { peerPort }) }
  } catch {
    return {} // missing or damaged: free ports are taken anew
  }
}
