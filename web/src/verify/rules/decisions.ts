/** Check 8: every command is decided once more, and the same must have come of it (specification §4). */
import { apply } from './apply'
import { decide, start } from './decide'
import { unknownName } from './names'
import { RULES_VERSION } from './papers'
import type { Difference, Tally } from './tally'
import type { Decision, Event, LotEntry, LotState } from './types'

export const SUITE = 'luochui-p256-sha256-v1'

/** A span of time (ms) that the health series speaks of, and the entry that named it. `gap` is outage_gap_s, in ms. */
export interface Span {
  readonly seq: number
  readonly from: number
  readonly to: number
  readonly gap: number
}

/** Takes one entry after the other. After the first difference nothing is decided any more: the state is unknown. */
export class Decisions {
  /** Windows that were closed as proved, as far as the decisions hold. */
  readonly windows: Span[] = []
  /** Outages that were claimed. */
  readonly outages: Span[] = []
  /** outage_gap_s of the rules in force, in ms. */
  private gap: number | null = null
  private lot: LotState | null = start()
  private readonly bids = new Set<string>()
  private broken = false
  private begun = false

  constructor(private readonly check: Tally) {}

  see(entry: LotEntry): void {
    this.begun = true
    this.hear(entry)
    if (this.broken) return
    const found = this.unlawful(entry) ?? this.differs(entry)
    if (found !== null) return this.end_at(entry.seq, ...found)
    this.check.counted += 1
    this.remember(entry)
    this.lot = apply(this.lot, entry.command, entry.events, entry.at)
  }

  /** Of what could not be read, nothing can be decided. */
  cannotRead(seq: number): void {
    this.begun = true
    if (!this.broken) this.end_at(seq, 'the entry cannot be read', {})
  }

  end(): void {
    if (!this.begun) this.check.fail('the log is empty', { seq: 0 })
  }

  private end_at(seq: number, detail: string, difference: Difference): void {
    this.broken = true
    this.check.fail(detail, { seq, ...difference })
  }

  private unlawful(entry: LotEntry): [string, Difference] | null {
    const { command, at } = entry
    if (command.type === 'publish_lot' && this.lot === null) {
      const { rules_version, suite } = command
      if (rules_version !== RULES_VERSION)
        return ['rules of a version that is not known here', { expected: RULES_VERSION, found: rules_version }]
      if (suite !== SUITE) return ['a suite that is not known here', { expected: SUITE, found: suite }]
    }
    if (command.type === 'place_bid') {
      if (this.bids.has(command.bid_id)) return ['a bid_id is decided twice', { found: command.bid_id }]
      this.bids.add(command.bid_id)
    }
    if ((command.type === 'place_bid' || command.type === 'opt_in') && command.received_at > at)
      return ['decided before it arrived', { expected: `at most ${at}`, found: command.received_at }]
    const name = unknownName(command)
    return name === null ? null : ['the rules cannot decide this', { found: name }]
  }

  private differs(entry: LotEntry): [string, Difference] | null {
    const decision: Decision = decide(this.lot, entry.command, entry.at)
    if ('refused' in decision)
      return ['the rules refuse this command', { expected: `refused: ${decision.refused}`, found: kinds(entry.events) }]
    if (same(decision.events, entry.events)) return null
    return ['the rules decide otherwise', firstDifference(decision.events, entry.events)]
  }

  /** What an entry claims, whatever is to be thought of it. */
  private hear({ command, seq }: LotEntry): void {
    if (command.type === 'publish_lot' || command.type === 'supplement_lot') this.gap = command.rules.outage_gap_s * 1000
    if (command.type === 'interrupt' && command.cause === 'OUTAGE' && this.gap !== null)
      this.outages.push({ seq, from: command.from, to: command.to, gap: this.gap })
  }

  private remember({ command, seq }: LotEntry): void {
    const { lot, gap } = this
    if (command.type !== 'advance' || gap === null || lot === null || lot.opened_at === null) return
    const waited = lot.stage === 'LISTING' || lot.stage === 'READY' || lot.stage === 'TIMED'
    if (waited) this.windows.push({ seq, from: lot.opened_at, to: command.proved_to, gap })
  }
}

function kinds(events: readonly Event[]): string {
  return events.length === 0 ? 'no event' : events.map((event) => event.type).join(', ')
}

function firstDifference(decided: readonly Event[], logged: readonly Event[]): Difference {
  if (decided.length !== logged.length) return { expected: kinds(decided), found: kinds(logged) }
  const at = decided.findIndex((event, index) => !same(event, logged[index]))
  return { expected: JSON.stringify(decided[at]), found: JSON.stringify(logged[at]) }
}

/** Whether two values of JSON are one; the order of an object's fields tells nothing. */
export function same(one: unknown, other: unknown): boolean {
  if (one === other) return true
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false
  if (Array.isArray(one) !== Array.isArray(other)) return false
  const names = Object.keys(one)
  if (names.length !== Object.keys(other).length) return false
  const [a, b] = [one as Record<string, unknown>, other as Record<string, unknown>]
  return names.every((name) => name in b && same(a[name], b[name]))
}
