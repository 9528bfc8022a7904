/**
 * What a node tells a monitor, as Prometheus text: the figures of the API's own answers, so that a graph and the window never
 * disagree. In no pool it still answers, so that a monitor tells "in no pool" from "not running".
 */
import type { Health, Node, Pool, Transfer } from '../../../shared/index.ts'
import type { Service } from '../service.ts'

export interface MetricFacts {
  readonly nodeId: string
  /** Null while in none. */
  readonly pool: Pool | null
  readonly health: Health
  readonly nodes: readonly Node[]
  readonly transfers: readonly Pick<Transfer, 'state'>[]
}

type Labels = Readonly<Record<string, string>>
type Sample = readonly [value: number, labels?: Labels]

const transferStates: readonly Transfer['state'][] = ['queued', 'running', 'paused', 'done', 'failed', 'cancelled']

/** `operations`: those that are asked for the facts. */
export function metricOperations(
  nodeId: string,
  operations: Pick<Service, 'pool' | 'health' | 'nodes'> & Required<Pick<Service, 'transfers'>>,
): Required<Pick<Service, 'metrics'>> {
  const all = { limit: Number.MAX_SAFE_INTEGER, cursor: null }
  return {
    async metrics() {
      const pool = await operations.pool()
      return metricsText({
        nodeId,
        pool,
        health: await operations.health(),
        nodes: pool === null ? [] : (await operations.nodes(all)).items,
        transfers: (await operations.transfers(all)).items,
      })
    },
  }
}

/** Prometheus text, format 0.0.4. */
export function metricsText({ nodeId, pool, health, nodes, transfers }: MetricFacts): string {
  const each = (figure: (node: Node) => number): Sample[] =>
    nodes.map((node) => [figure(node), { node_id: node.id, name: node.name }])
  const states = (counts: Readonly<Record<string, number>>): Sample[] =>
    Object.entries(counts).flatMap(([state, count]) => (state === 'total' ? [] : [[count, { state: dashed(state) }]]))
  const { repair } = health
  return [
    gauge('in_pool', '1 while this node is in a pool.', [[pool === null ? 0 : 1, { node_id: nodeId }]]),
    gauge('protected', '1 while every file has all its copies.', [[health.state === 'protected' ? 1 : 0]]),
    gauge('files', 'Files by state.', states(health.files)),
    gauge('chunks', 'Chunks of kept versions, trash included, by state.', states(health.chunks)),
    gauge('folders', 'Folders in the pool.', pool === null ? [] : [[pool.folders]]),
    gauge('content_bytes', 'Bytes of the current versions, each counted once.', pool === null ? [] : [[pool.bytes]]),
    gauge('room_bytes', 'Bytes that still fit, with all their copies.', pool === null ? [] : [[pool.room.bytes]]),
    gauge(
      'node_online',
      '1 while this node hears the machine.',
      each(({ state }) => (state === 'online' ? 1 : 0)),
    ),
    gauge(
      'node_quota_bytes',
      'Space that a machine gives to the pool.',
      each(({ quotaBytes }) => quotaBytes),
    ),
    gauge(
      'node_used_bytes',
      'What its chunks take of that.',
      each(({ usedBytes }) => usedBytes),
    ),
    gauge(
      'node_chunks',
      'Chunks that it holds.',
      each(({ chunks }) => chunks),
    ),
    gauge(
      'node_only_here_bytes',
      'Bytes that would be lost with it.',
      each(({ onlyHere }) => onlyHere.bytes),
    ),
    gauge('repair_queued_chunks', 'Copies to make now.', [[repair.queuedChunks]]),
    gauge('repair_queued_bytes', 'Bytes of these.', [[repair.queuedBytes]]),
    gauge('repair_frozen', '1 while copying waits because more than half of the machines are gone.', [
      [repair.frozen === null ? 0 : 1],
    ]),
    counter('repair_copied_chunks_total', 'Copies that this node made since it started.', [[repair.copiedChunks]]),
    counter('repair_copied_bytes_total', 'Bytes of these.', [[repair.copiedBytes]]),
    gauge(
      'transfers',
      'Imports of this node by state.',
      transferStates.map((state) => [transfers.filter((transfer) => transfer.state === state).length, { state }]),
    ),
  ].join('')
}

function gauge(name: string, help: string, samples: readonly Sample[]): string {
  return family('gauge', name, help, samples)
}

function counter(name: string, help: string, samples: readonly Sample[]): string {
  return family('counter', name, help, samples)
}

/** Nothing for a family without samples. */
function family(type: string, plainName: string, help: string, samples: readonly Sample[]): string {
  if (samples.length === 0) return ''
  const name = `hadahoop_${plainName}`
  const lines = samples.map(([value, labels = {}]) => `${name}${labelsText(labels)} ${value}\n`)
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`
}

function labelsText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

function escaped(value: string): string {
  return value.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n')
}

/** States as the API writes them in values: `at-risk`. */
function dashed(state: string): string {
  return state.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}
