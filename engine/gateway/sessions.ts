/**
 * Browser sessions: a login code of one use becomes a cookie. The cookie is named by node id because cookies ignore
 * ports, so two nodes on one computer would overwrite each other's. Kept in memory only: a restart logs out.
 */
import type { Clock, Random } from '../ports.ts'
import { limits } from '../limits.ts'

export class Sessions {
  readonly cookieName: string
  readonly #clock: Clock
  readonly #random: Random
  readonly #attributes: string
  /** Login codes and when they end; oldest first. */
  readonly #codes = new Map<string, number>()
  /** Cookie values; least recently used first. */
  readonly #sessions = new Set<string>()

  constructor(options: { clock: Clock; random: Random; nodeId: string; secure: boolean }) {
    this.#clock = options.clock
    this.#random = options.random
    this.cookieName = `hadahoop-${options.nodeId}`
    this.#attributes = `; Path=/; HttpOnly; SameSite=Strict${options.secure ? '; Secure' : ''}`
  }

  /** A new code (128 random bits), good once within limits.loginCodeLifetimeMs. */
  newCode(): { code: string; expiresAtMs: number } {
    const code = this.#random.bytes(16).toString('base64url')
    const expiresAtMs = this.#clock.nowMs() + limits.loginCodeLifetimeMs
    this.#codes.set(code, expiresAtMs)
    dropOldest(this.#codes, limits.loginCodesMax)
    return { code, expiresAtMs }
  }

  /** Spends a code; the answer is the Set-Cookie header, or undefined for a code that is wrong, used or expired. */
  login(code: string): string | undefined {
    const expiresAtMs = this.#codes.get(code)
    this.#codes.delete(code)
    if (expiresAtMs === undefined || this.#clock.nowMs() >= expiresAtMs) return undefined
    const value = this.#random.bytes(32).toString('base64url')
    this.#sessions.add(value)
    dropOldest(this.#sessions, limits.sessionsMax)
    return `${this.cookieName}=${value}${this.#attributes}`
  }

  /** True if a Cookie header carries a live session. */
  has(cookieHeader: string | undefined): boolean {
    const value = this.#valueIn(cookieHeader)
    if (value === undefined || !this.#sessions.delete(value)) return false
    this.#sessions.add(value)
    return true
  }

  /** Ends the session of a Cookie header; the answer is the Set-Cookie header that removes the cookie. */
  logout(cookieHeader: string | undefined): string {
    const value = this.#valueIn(cookieHeader)
    if (value !== undefined) this.#sessions.delete(value)
    return `${this.cookieName}=; Max-Age=0${this.#attributes}`
  }

  #valueIn(cookieHeader: string | undefined): string | undefined {
    for (const pair of cookieHeader?.split(';') ?? []) {
      const [name, value] = pair.trim().split('=', 2)
      if (name === this.cookieName && value !== undefined) return value
    }
    return undefined
  }
}

function dropOldest(items: Map<string, unknown> | Set<string>, most: number): void {
  for (const key of items.keys()) {
    if (items.size <= most) return
    items.delete(key)
  }
}
