/** What the pool's rows say about nodes and about the pool: profiles, presence, settings. Each register's latest row, as it is. */
import { bytesOf, hexOf } from '../../base/bytes.ts'
import type { NodeId } from '../../base/ids.ts'
import type { Database, Statement } from '../../ports.ts'
import type { Follower } from '../derived.ts'
import type { NodeProfile, PoolSettings } from '../types.ts'
import { Kept } from './kept.ts'

export class NodeViews {
  /** Read for every question about copies, so kept. */
  readonly settings: Kept<PoolSettings | null>
  /** Read at every heartbeat, so kept. */
  readonly #profiles: Kept<Map<NodeId, NodeProfile>>
  readonly followers: readonly Follower[]
  readonly #presence: Statement
  readonly #setProfile: Statement
  readonly #setPresence: Statement
  readonly #setSettings: Statement
  readonly #forget: readonly Statement[]

  constructor(database: Database) {
    const profiles = database.prepare('SELECT node, profile FROM node_view WHERE profile IS NOT NULL')
    this.#profiles = new Kept(() => {
      const rows = profiles.all<{ node: Buffer; profile: string }>()
      return new Map(rows.map(({ node, profile }) => [hexOf(node) as NodeId, JSON.parse(profile) as NodeProfile]))
    })
    this.#presence = database.prepare('SELECT presence_ms FROM node_view WHERE node = ?').pluck()
    this.#setProfile = database.prepare(
      'INSERT INTO node_view (node, profile) VALUES (?, ?) ON CONFLICT (node) DO UPDATE SET profile = excluded.profile',
    )
    this.#setPresence = database.prepare(
      `INSERT INTO node_view (node, presence_ms) VALUES (?, ?)
       ON CONFLICT (node) DO UPDATE SET presence_ms = excluded.presence_ms`,
    )
    const settings = database.prepare('SELECT settings FROM settings_view').pluck()
    this.#setSettings = database.prepare('INSERT OR REPLACE INTO settings_view (one, settings) VALUES (1, ?)')
    this.settings = new Kept(() => {
      const text = settings.get<string>()
      return text === undefined ? null : (JSON.parse(text) as PoolSettings)
    })
    this.followers = [this.settings, this.#profiles]
    this.#forget = ['node_view', 'settings_view'].map((table) => database.prepare(`DELETE FROM ${table}`))
  }

  profile(node: NodeId): NodeProfile | undefined {
    return this.#profiles.get().get(node)
  }

  presenceMs(node: NodeId): number | undefined {
    return this.#presence.get<number | null>(bytesOf(node)) ?? undefined
  }

  setProfile(node: NodeId, profile: NodeProfile): void {
    this.#setProfile.run(bytesOf(node), JSON.stringify(profile))
    this.#profiles.peek()?.set(node, profile)
    this.#profiles.changed()
  }

  setPresence(node: NodeId, atMs: number): void {
    this.#setPresence.run(bytesOf(node), atMs)
  }

  setSettings(settings: PoolSettings): void {
    this.#setSettings.run(JSON.stringify(settings))
    this.settings.set(settings)
  }

  reset(): void {
    for (const statement of this.#forget) statement.run()
    this.settings.drop()
    this.#profiles.drop()
  }
}
