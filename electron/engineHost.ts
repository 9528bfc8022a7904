/**
 * The engine as the app sees it: found running on the data folder (then it is only used), else started as a process of ours, and
 * started again when it dies. One process owns a data folder, so before each start it looks whether somebody else does. All that
 * touches the system comes in as functions, so that every path is tested without Electron.
 */
import type { Endpoint } from '../cli/dataFolder.ts'
import type { EngineState } from '../shared/desktop.ts'
import type { NodeChoices } from './arguments.ts'
import { type FromEngine, fromEngineSchema, type ToEngine } from './engineMessages.ts'
import { deathsAfter, needsPerson, restartDelayMs } from './restarting.ts'

/** A started engine process. */
export interface EngineChild {
  post(message: ToEngine): void
  onMessage(listener: (message: unknown) => void): void
  /** Called once; also where it could not be started at all. */
  onExit(listener: (code: number) => void): void
  kill(): void
}

export interface EngineHostParts {
  readonly dataDir: string
  readonly node: NodeChoices
  fork(): EngineChild
  /** Where a node on the folder says that it answers; undefined if nobody says so, or nobody answers there. */
  findRunning(): Promise<Endpoint | undefined>
  /** The key to the secrets, asked anew at each start; undefined where the system has no safe place for one. */
  secretsKey(): Promise<Buffer | undefined>
  nowMs(): number
  wait(delayMs: number): Promise<void>
  log(line: string): void
}

type Problem = NonNullable<EngineState['problem']>

/** How often a folder that is in use is looked at again, and how often an engine that was there before us is. */
const lookAgainMs = 1000
/** A clean stop takes a fraction of this. */
const stopMaxMs = 15_000

export class EngineHost {
  readonly #parts: EngineHostParts
  readonly #listeners = new Set<(state: EngineState) => void>()
  #state: EngineState = { state: 'starting', attached: false }
  #endpoint: Endpoint | undefined
  #child: EngineChild | undefined
  #deaths = 0
  #stopping = false
  #looking = false

  constructor(parts: EngineHostParts) {
    this.#parts = parts
  }

  get state(): EngineState {
    return this.#state
  }

  /** Where the engine answers; undefined while it does not. */
  get endpoint(): Endpoint | undefined {
    return this.#endpoint
  }

  /** Called at each change, not for what is now. */
  onState(listener: (state: EngineState) => void): void {
    this.#listeners.add(listener)
  }

  /** Finds or starts the engine; answers as soon as that is under way. */
  start(): void {
    this.#deaths = 0
    this.#stopping = false
    void this.#bringUp()
  }

  /** The engine did not answer: one that is not ours is looked for, and replaced where it is gone. */
  missed(): void {
    if (!this.#state.attached || this.#stopping || this.#looking) return
    void this.#lookAfterForeign()
  }

  /** Stops the engine if it is ours; resolves when it has ended, cut after a while. */
  async stop(): Promise<void> {
    this.#stopping = true
    this.#endpoint = undefined
    const child = this.#child
    this.#become({ state: 'stopped', attached: false })
    if (child === undefined) return
    const ended = new Promise<void>((resolve) => child.onExit(() => resolve()))
    child.post({ type: 'stop' })
    const cut = this.#parts.wait(stopMaxMs).then(() => child.kill())
    await Promise.race([ended, cut])
  }

  /** Stops and starts it: it reads anew what it reads at the start only. */
  async restart(): Promise<void> {
    await this.stop()
    this.start()
  }

  async #bringUp(): Promise<void> {
    const running = await this.#parts.findRunning()
    if (this.#stopping) return
    if (running !== undefined) {
      this.#endpoint = running
      this.#become({ state: 'running', attached: true })
      return
    }
    try {
      this.#launch(await this.#parts.secretsKey())
    } catch (error) {
      this.#fail({ code: 'secrets-key', message: error instanceof Error ? error.message : String(error) })
    }
  }

  #launch(secretsKey: Buffer | undefined): void {
    if (this.#stopping) return
    const begunMs = this.#parts.nowMs()
    let problem: Problem | undefined
    const child = this.#parts.fork()
    this.#child = child
    child.onMessage((raw) => {
      const message = fromEngineSchema.safeParse(raw)
      if (!message.success || this.#child !== child) return
      problem = this.#hear(message.data) ?? problem
      if (message.data.type === 'failed') child.kill()
    })
    child.onExit((code) => {
      if (this.#child !== child) return
      this.#child = undefined
      this.#endpoint = undefined
      if (this.#stopping) return
      this.#died(problem ?? { code: 'engine-died', message: `The engine ended (${code}).` }, begunMs)
    })
    child.post({
      type: 'start',
      dataDir: this.#parts.dataDir,
      node: this.#parts.node,
      ...(secretsKey === undefined ? {} : { secretsKey: secretsKey.toString('base64url') }),
    })
  }

  #hear(message: FromEngine): Problem | undefined {
    if (message.type === 'log') {
      this.#parts.log(message.line)
      return undefined
    }
    if (message.type === 'ready') {
      this.#endpoint = { url: message.url, token: message.token }
      this.#become({ state: 'running', attached: false })
      return undefined
    }
    const { code, message: text, hint } = message
    return { code, message: text, ...(hint === undefined ? {} : { hint }) }
  }

  #died(problem: Problem, begunMs: number): void {
    this.#parts.log(`the engine ended: ${problem.message}`)
    if (needsPerson(problem.code)) {
      this.#fail(problem)
      return
    }
    this.#deaths = deathsAfter(this.#deaths, this.#parts.nowMs() - begunMs)
    this.#become({ state: 'restarting', attached: false, problem })
    // Whoever has the folder may be starting still: it is looked for often, and never waited for long.
    const delayMs = problem.code === 'folder-in-use' ? lookAgainMs : restartDelayMs(this.#deaths)
    void this.#again(delayMs)
  }

  async #again(delayMs: number): Promise<void> {
    await this.#parts.wait(delayMs)
    if (!this.#stopping) await this.#bringUp()
  }

  async #lookAfterForeign(): Promise<void> {
    this.#looking = true
    try {
      const running = await this.#parts.findRunning()
      if (this.#stopping) return
      if (running !== undefined) {
        this.#endpoint = running
        return
      }
      this.#endpoint = undefined
      this.#become({ state: 'restarting', attached: false })
      await this.#again(lookAgainMs)
    } finally {
      this.#looking = false
    }
  }

  #fail(problem: Problem): void {
    this.#become({ state: 'failed', attached: false, problem })
  }

  #become(state: EngineState): void {
    this.#state = state
    for (const listener of this.#listeners) listener(state)
  }
}
