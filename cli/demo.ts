/**
 * `npm run demo`: a pool of three nodes on this computer, each a process of its own with a computer's identity of its own, in a
 * temporary folder, with sample files. Prints the address to open and what to try; Ctrl+C ends it and removes everything.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

interface Ready {
  readonly url: string
  readonly token: string
  readonly peerAddress: string
}

interface DemoNode extends Ready {
  readonly name: string
  readonly process: ChildProcess
}

const names = ['Office-PC', 'Laptop', 'NAS']
const samples: Readonly<Record<string, string>> = {
  'Welcome.txt': 'This file is kept on two of the three machines. Stop one of them and open it again.\n',
  'Recipes/Pancakes.md': '# Pancakes\n\n- 2 eggs\n- 250 ml milk\n- 125 g flour\n',
  'Recipes/Bread.md': '# Bread\n\n- 500 g flour\n- 350 ml water\n- 10 g salt\n- 5 g yeast\n',
  'Invoices/2026/January.csv': 'date,amount\n2026-01-07,120.00\n2026-01-21,80.50\n',
  'Notes/ünïcödé 🦊.txt': 'Names may hold any character.\n',
}

const folder = await mkdtemp(join(tmpdir(), 'hadahoop-demo-'))
const nodes: DemoNode[] = []
let stopping = false
process.on('SIGINT', () => void stop())
process.on('SIGTERM', () => void stop())

try {
  console.log('Starting three machines …')
  for (const name of names) nodes.push(await startNode(name))
  const [founder, ...others] = nodes as [DemoNode, ...DemoNode[]]
  await ask(founder, 'POST', '/v1/pool', { name: 'Demo', copies: 2 })
  for (const other of others) {
    const { code } = (await ask(founder, 'POST', '/v1/pool/invites')) as { code: string }
    await ask(other, 'POST', '/v1/pool/join', { code, address: founder.peerAddress })
  }
  for (const [path, text] of Object.entries(samples)) {
    const encoded = path.split('/').map(encodeURIComponent).join('/')
    await ask(founder, 'PUT', `/v1/files/${encoded}?wait=all`, undefined, text)
  }
  console.log('\nThe pool "Demo" is ready. Open one of its machines in a browser (each link works once):\n')
  for (const node of nodes) {
    const { url } = (await ask(node, 'POST', '/v1/session/links')) as { url: string }
    console.log(`  ${node.name.padEnd(10)} ${url}   (process ${node.process.pid})`)
  }
  console.log('\nTry: kill one of the processes, and open the files on another machine. Ctrl+C ends the demo.')
  await Promise.race(nodes.map((node) => once(node.process, 'exit').then(() => new Promise(() => undefined))))
} catch (error) {
  console.error(`The demo could not start: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
  await stop()
}

async function startNode(name: string): Promise<DemoNode> {
  const args = [join(import.meta.dirname, 'main.ts'), 'start', '--json', '--no-discovery', '--listen', '127.0.0.1']
  const child = spawn(process.execPath, [...args, '--name', name, '--data', join(folder, name)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, HADAHOOP_MACHINE_ID: `demo ${name}` },
  })
  const line = new Promise<string>((resolve) => createInterface({ input: child.stdout }).once('line', resolve))
  const ended = once(child, 'exit').then(() => {
    throw new Error(`${name} ended while it started`)
  })
  ended.catch(() => undefined)
  const ready = JSON.parse(await Promise.race([line, ended])) as Ready
  child.stdout.resume()
  return { ...ready, name, process: child }
}

async function ask(node: Ready, method: string, path: string, json?: unknown, text?: string): Promise<unknown> {
  const headers: Record<string, string> = { authorization: `Bearer ${node.token}` }
  if (json !== undefined) headers['content-type'] = 'application/json'
  const body = json === undefined ? text : JSON.stringify(json)
  const response = await fetch(`${node.url}${path}`, { method, headers, ...(body === undefined ? {} : { body }) })
  const answer = await response.text()
  if (!response.ok) throw new Error(`${method} ${path}: ${answer}`)
  return answer === '' ? null : JSON.parse(answer)
}

async function stop(): Promise<void> {
  if (stopping) return
  stopping = true
  await Promise.all(
    nodes.map(async ({ process: child }) => {
      if (child.exitCode !== null || child.signalCode !== null) return
      const gone = once(child, 'exit')
      child.kill('SIGTERM')
      await gone
    }),
  )
  await rm(folder, { recursive: true, force: true })
  process.exit()
}
