/**
 * Sleep, wake, battery and metered network, told to the engine. On battery or a metered network it moves only what is at risk; before
 * sleep it says goodbye to the other machines, so that they do not take it for broken; after waking it goes on at once. The engine
 * forgets all of it when it restarts, so it is told again then.
 */
import type { PowerMonitor } from 'electron'

export interface PowerParts {
  readonly powerMonitor: Pick<PowerMonitor, 'on' | 'isOnBatteryPower'>
  isMetered(): Promise<boolean>
  /** Sends the engine what this computer runs on. */
  tell(conditions: { onBattery: boolean; metered: boolean; asleep: boolean }): Promise<void>
  log(line: string): void
  /** Calls again and again; nothing says when a network becomes metered. */
  every(delayMs: number, call: () => void): void
}

const meteredEveryMs = 120_000

export class Power {
  readonly #parts: PowerParts
  #onBattery: boolean
  #metered = false
  #asleep = false

  constructor(parts: PowerParts) {
    this.#parts = parts
    const { powerMonitor } = parts
    this.#onBattery = powerMonitor.isOnBatteryPower()
    powerMonitor.on('on-battery', () => this.#change({ onBattery: true }))
    powerMonitor.on('on-ac', () => this.#change({ onBattery: false }))
    powerMonitor.on('suspend', () => this.#change({ asleep: true }))
    powerMonitor.on('resume', () => {
      this.#change({ asleep: false })
      void this.lookAtNetwork()
    })
    parts.every(meteredEveryMs, () => void this.lookAtNetwork())
  }

  /** Tells the engine all of it: it has just started. */
  tellAgain(): void {
    const conditions = { onBattery: this.#onBattery, metered: this.#metered, asleep: this.#asleep }
    this.#parts.tell(conditions).catch((error: unknown) => this.#parts.log(`power: ${String(error)}`))
  }

  async lookAtNetwork(): Promise<void> {
    const metered = await this.#parts.isMetered()
    if (metered !== this.#metered) this.#change({ metered })
  }

  #change(changes: { onBattery?: boolean; metered?: boolean; asleep?: boolean }): void {
    this.#onBattery = changes.onBattery ?? this.#onBattery
    this.#metered = changes.metered ?? this.#metered
    this.#asleep = changes.asleep ?? this.#asleep
    this.tellAgain()
  }
}
