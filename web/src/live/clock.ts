/**
 * The server's time as this page knows it: own monotonic clock plus a measured offset.
 *
 * The PC's wall clock is never asked for a deadline: people were refused "with ten seconds left"
 * because their PC was slow. All instants are ms; `monotonic` is performance.now.
 */

export interface Sample {
  /** Server time minus own monotonic time (ms). */
  readonly offset: number
  /** Half-width of what the offset may be wrong by (ms). */
  readonly uncertainty: number
  readonly roundTrip: number
  readonly takenAt: number
}

/** Quartz drifts by well under this. */
const DRIFT = 100e-6
const KEPT = 16
/** Behind by more than this, a slow catch-up would show a wrong clock for too long. */
const LONGEST_HOLD_MS = 5_000
const HOLD_RATE = 0.5

export class ServerClock {
  private samples: Sample[] = []
  private best: Sample | null = null
  private shown = -Infinity
  private shownAt = 0

  constructor(private readonly monotonic: () => number) {}

  get known(): boolean {
    return this.best !== null
  }

  get sample(): Sample | null {
    return this.best
  }

  /** A ping's way: sent and received on the own clock, t1 and t2 on the server's. */
  measure(sentAt: number, t1: number, t2: number, receivedAt: number): void {
    const roundTrip = Math.max(receivedAt - sentAt - (t2 - t1), 0)
    const offset = (t1 - sentAt + (t2 - receivedAt)) / 2
    // Server stamps are whole ms, so half a ms is added to what the way leaves open.
    this.take({ offset, uncertainty: roundTrip / 2 + 0.5, roundTrip, takenAt: receivedAt })
  }

  /** A one-way message says only that the server's time is not before `serverTime`. */
  hear(serverTime: number, receivedAt: number): void {
    if (this.best !== null && this.best.uncertainty < 2_000) return
    const offset = serverTime - receivedAt
    if (this.best === null || offset > this.best.offset) {
      this.best = { offset, uncertainty: 2_000, roundTrip: 0, takenAt: receivedAt }
    }
  }

  /** After sleep or a new connection old measurements say nothing. */
  forget(): void {
    this.samples = []
    if (this.best) this.best = { ...this.best, uncertainty: 2_000 }
  }

  /** Server time (ms); never goes back by itself, a correction backwards is caught up slowly. */
  now(): number {
    const at = this.monotonic()
    if (this.best === null) return at
    const raw = at + this.best.offset
    if (this.shown === -Infinity || raw >= this.shown || this.shown - raw > LONGEST_HOLD_MS) {
      this.shown = raw
    } else {
      // The shown time goes on at half speed until the true time has caught up with it.
      this.shown += Math.max(at - this.shownAt, 0) * HOLD_RATE
    }
    this.shownAt = at
    return this.shown
  }

  /** How far the PC's wall clock is ahead of the server (ms), for information only. */
  wallAhead(wall: number): number | null {
    return this.best === null ? null : wall - (this.monotonic() + this.best.offset)
  }

  private take(sample: Sample): void {
    this.samples.push(sample)
    if (this.samples.length > KEPT) this.samples.shift()
    const now = sample.takenAt
    const width = (each: Sample) => each.uncertainty + (now - each.takenAt) * DRIFT
    this.best = this.samples.reduce((a, b) => (width(b) <= width(a) ? b : a))
  }
}

/** Whole seconds left, rounded up: 00:00 is shown only when nothing is left. */
export function secondsLeft(closesAt: number, now: number): number {
  return Math.max(Math.ceil((closesAt - now) / 1000), 0)
}
