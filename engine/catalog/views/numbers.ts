/** Numbers by small number, 0 where none was set: four bytes each, however many there are. */
export class Numbers {
  #values = new Int32Array(1024)
  /** One behind the greatest index set. */
  length = 0

  get(index: number): number {
    return index < this.length ? (this.#values[index] as number) : 0
  }

  set(index: number, value: number): void {
    if (index >= this.#values.length) {
      const longer = new Int32Array(Math.max(index + 1, Math.ceil(this.#values.length * 1.5)))
      longer.set(this.#values)
      this.#values = longer
    }
    this.#values[index] = value
    if (index >= this.length) this.length = index + 1
  }
}
