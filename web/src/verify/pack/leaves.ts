/** The leaf hashes of a log and the times of its entries, forty bytes an entry. */
export class Leaves {
  private hashes = new Uint8Array(1024 * 32)
  private times = new Float64Array(1024)
  private count = 0

  get size(): number {
    return this.count
  }

  /** `at` is NaN for an entry that cannot be read. */
  push(leaf: Uint8Array, at: number): void {
    if (this.count === this.times.length) this.grow()
    this.hashes.set(leaf, this.count * 32)
    this.times[this.count] = at
    this.count += 1
  }

  at(seq: number): Uint8Array {
    return this.hashes.subarray(seq * 32, seq * 32 + 32)
  }

  /** UTC ms, NaN when unknown. */
  timeOf(seq: number): number {
    return seq < this.count ? (this.times[seq] as number) : NaN
  }

  private grow(): void {
    const hashes = new Uint8Array(this.hashes.length * 2)
    hashes.set(this.hashes)
    const times = new Float64Array(this.times.length * 2)
    times.set(this.times)
    this.hashes = hashes
    this.times = times
  }
}
