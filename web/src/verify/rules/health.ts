/** Check 13: nothing was closed over a gap in the proofs, and no outage was claimed where the door was open. */
import { Broken } from '../core/broken'
import { decode, isObject } from '../core/canonical'
import type { Span } from './decisions'
import type { Tally } from './tally'

/** So much of outage_gap_s must have been silent for a claimed outage to be believed. */
const BELIEVED = 0.5

interface Watched extends Span {
  /** A window: the longest silence that is borne. An outage: the silence that it must exceed somewhere. */
  readonly limit: number
  readonly window: boolean
  done: boolean
}

/** Takes the rows of the health series one by one, in order; holds only the spans of time that are in question. */
export class Health {
  private readonly waiting: Watched[]
  /** Those that have begun, the one that ends first at the end. */
  private readonly active: Watched[] = []
  private readonly failures: [string, { seq: number; expected: string | number; found: string }][] = []
  private readonly shortest: number
  private last = 0
  private rows = 0
  private bad: string | null = null

  constructor(
    private readonly check: Tally,
    windows: readonly Span[],
    outages: readonly Span[],
  ) {
    const closed = windows.map((span) => ({ ...span, limit: span.gap, window: true, done: false }))
    const claimed = outages.map((span) => ({ ...span, limit: span.gap * BELIEVED, window: false, done: false }))
    this.waiting = [...closed, ...claimed].sort((one, other) => other.from - one.from)
    this.shortest = this.waiting.reduce((least, span) => Math.min(least, span.limit), Infinity)
    check.counted = this.waiting.length
  }

  /** One line of health.jsonl. After the first that is no row nothing is judged. */
  row(line: Uint8Array): void {
    this.rows += 1
    if (this.bad !== null) return
    try {
      this.proof(atOf(line), this.last)
    } catch (error) {
      if (!(error instanceof Broken)) throw error
      this.bad = `health.jsonl, line ${this.rows}: ${error.message}`
    }
  }

  private proof(at: number, before: number): void {
    if (at < before) throw new Broken(`${at} is before ${before}`)
    this.last = at
    this.begin(at)
    if (at - before > this.shortest) for (const span of this.active) this.silence(span, before, at)
    while ((this.active[this.active.length - 1]?.to ?? Infinity) <= at) this.over(this.active.pop() as Watched)
  }

  private begin(at: number): void {
    for (let next = this.waiting[this.waiting.length - 1]; next && next.from < at; next = this.waiting[this.waiting.length - 1]) {
      this.waiting.pop()
      const place = this.active.findIndex((span) => span.to < next.to)
      this.active.splice(place < 0 ? this.active.length : place, 0, next)
    }
  }

  /** Nothing was proved between `from` and `to`. */
  private silence(span: Watched, from: number, to: number): void {
    if (span.done || from >= span.to) return
    const begin = Math.max(from, span.from)
    // A window was proved only by the first row at its end or after it, so that its last silence counts whole.
    const length = (span.window ? to : Math.min(to, span.to)) - begin
    if (length <= span.limit) return
    span.done = true
    if (span.window) this.failed(span, 'a window was closed over a gap', `nothing from ${begin} to ${to}`)
  }

  private over(span: Watched): void {
    if (span.done || span.window) return
    const expected = `silence from ${span.from} to ${span.to}`
    this.failures.push([
      'the sale was interrupted though the door was open',
      { seq: span.seq, expected, found: `no silence longer than ${span.limit} ms` },
    ])
  }

  private failed(span: Watched, detail: string, found: string): void {
    this.failures.push([detail, { seq: span.seq, expected: span.to, found }])
  }

  end(): void {
    if (this.bad !== null) return this.check.fail(this.bad)
    if (this.check.counted === 0) return this.check.skip('no window was closed and none was interrupted')
    for (const span of [...this.active, ...this.waiting]) this.unproved(span)
    this.failures.sort(([, one], [, other]) => one.seq - other.seq)
    for (const [detail, difference] of this.failures) this.check.fail(detail, difference)
  }

  /** The series ends before the span does. */
  private unproved(span: Watched): void {
    const proved = Math.max(this.last, span.from)
    if (span.done) return
    if (!span.window) {
      if (span.to - proved <= span.limit) this.over(span)
    } else if (proved < span.to) this.failed(span, 'the proofs end before the window', `proved to ${proved}`)
  }
}

function atOf(line: Uint8Array): number {
  const row = decode(line)
  const whole = isObject(row) && Object.keys(row).length === 2 && typeof row['process'] === 'string'
  if (!whole || typeof row['at'] !== 'number') throw new Broken('not a row of the health series')
  return row['at']
}
