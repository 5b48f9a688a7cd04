/** The pre-flight: by what names a sale may not be released (docs/rules.md, "Release"). */
import { biddingFrom, daysBetween, isOrdered, REAL_DAY_MS } from './calendar'
import { exactStep, exactTotal, MAX_FEN } from './money'
import type { ParcelFacts, RuleSet, Timetable } from './types'

const MAX = BigInt(MAX_FEN)

/** The law's own numbers of days: a floor for a sale whose day is a day (decisions 4 and 11). */
const LAW_DAYS = { notice_days: 20, listing_days: 10, registration_gap_days: 2 } as const
const LAW_DEPOSIT_PERCENT = 20
const LONGEST_TERM: Readonly<Record<string, number>> = { RESIDENTIAL: 70, COMMERCIAL: 40 }
const LONGEST_OTHER_TERM = 50
const LONGEST_SPAN_MS = 3650 * REAL_DAY_MS

function asked(rules: RuleSet, name: keyof typeof LAW_DAYS): number {
  return rules.day_ms === REAL_DAY_MS ? Math.max(LAW_DAYS[name], rules[name]) : rules[name]
}

/** The days that lie between release and the start at the least. */
export function noticeDays(rules: RuleSet): number {
  return asked(rules, 'notice_days')
}

/** How many days a listing must last: the RuleSet alone says so where T2 is waived. */
export function listingDays(rules: RuleSet): number {
  return isWaived(rules, 'T2') ? rules.listing_days : asked(rules, 'listing_days')
}

export function isWaived(rules: RuleSet, name: string): boolean {
  return (rules.waivers[name] ?? '').trim() !== ''
}

/** Every violation of a release at `at`, but for what is waived. */
export function violations(parcel: ParcelFacts, rules: RuleSet, table: Timetable, at: number): string[] {
  const ordered = isReleasable(rules, table, at)
  const found = [...senseless(parcel, rules)]
  if (!ordered) found.push('TIMETABLE_INVALID')
  const lawless = [...(ordered ? dated(rules, table, at) : []), ...undated(parcel, rules)]
  return [...found, ...lawless.filter((name) => !isWaived(rules, name))]
}

function isReleasable(rules: RuleSet, table: Timetable, at: number): boolean {
  if (!isOrdered(table, rules.method) || biddingFrom(table) < at) return false
  const quiet = rules.quiet_min * rules.minute_ms
  if (rules.method === 'LISTING') return (table.listing_from as number) < (table.listing_to as number) - quiet
  return rules.on_shortfall !== 'CONVERT_TO_LISTING' || quiet < listingDays(rules) * rules.day_ms
}

// ── the statutory frame ────────────────────────────────────────────────────────────────────────────────────────────

function* dated(rules: RuleSet, table: Timetable, at: number): Iterable<string> {
  if (daysBetween(rules, Math.max(at, table.announced_at), biddingFrom(table)) < noticeDays(rules)) yield 'T1'
  if (table.listing_from == null || table.listing_to == null) return
  if (daysBetween(rules, table.listing_from, table.listing_to) < asked(rules, 'listing_days')) yield 'T2'
  const gap = asked(rules, 'registration_gap_days') * rules.day_ms
  if (table.listing_to - table.registration_to < gap) yield 'T4'
}

function* undated(parcel: ParcelFacts, rules: RuleSet): Iterable<string> {
  const deposit = BigInt(rules.deposit['CNY'] ?? 0)
  const total = exactTotal(rules.starting_price_fen, rules.price_unit, parcel)
  if (deposit * 100n < total * BigInt(Math.max(LAW_DEPOSIT_PERCENT, rules.deposit_percent))) yield 'T6'
  if (rules.contract_days > 10) yield 'T7'
  if (rules.refund_days > 5) yield 'T9'
  if (rules.publicity_days > 10) yield 'T10'
  if (parcel.term_years > (LONGEST_TERM[parcel.land_use_class] ?? LONGEST_OTHER_TERM)) yield 'T15'
}

// ── what would make the sale undecidable ───────────────────────────────────────────────────────────────────────────

function* senseless(parcel: ParcelFacts, rules: RuleSet): Iterable<string> {
  if (rules.cap_mode !== 'NONE') yield 'CAP_MODE_NOT_SUPPORTED'
  if (rules.starting_price_fen < 1) yield 'STARTING_PRICE_INVALID'
  if (parcel.area_centi_m2 < 1 || parcel.term_years < 1) yield 'PARCEL_INVALID'
  yield* senselessPrices(parcel, rules)
  if (!durationsHold(rules)) yield 'DURATION_INVALID'
  if (rules.entry_rule === 'OPT_IN' && rules.ready_min === 0) yield 'OPT_IN_WITHOUT_WINDOW'
  if (rules.entry_rule === 'QUOTED_BEFORE' && rules.method === 'AUCTION' && rules.free_min === 0)
    yield 'QUOTED_BEFORE_WITHOUT_FREE_PHASE'
  if (!warningsHold(rules)) yield 'WARNINGS_INVALID'
  if (rules.min_bidders < 1) yield 'MIN_BIDDERS_INVALID'
}

function* senselessPrices(parcel: ParcelFacts, rules: RuleSet): Iterable<string> {
  const units = [rules.price_unit, rules.increment_unit]
  if (units.includes('PER_FLOOR_M2') && !parcel.floor_area_centi_m2) {
    yield 'FLOOR_AREA_MISSING'
    return
  }
  const steps = [exactStep(rules, parcel, false), exactStep(rules, parcel, true)]
  if (steps.some((step) => step < 1n || step > MAX)) yield 'INCREMENT_INVALID'
  else if (!pricesFit(parcel, rules, steps)) yield 'PRICE_OUT_OF_RANGE'
  if (rules.price_quantum_fen < 1) yield 'QUANTUM_INVALID'
  else if (rules.grid === 'MIN_ONLY' && rules.starting_price_fen % rules.price_quantum_fen !== 0)
    yield 'STARTING_PRICE_OFF_QUANTUM'
  if (rules.max_jump_steps != null && rules.max_jump_steps < 1) yield 'MAX_JUMP_INVALID'
  yield* senselessCap(rules, steps)
}

function pricesFit(parcel: ParcelFacts, rules: RuleSet, steps: readonly bigint[]): boolean {
  const start = BigInt(Math.max(rules.starting_price_fen, rules.price_cap_fen ?? 0))
  const widest = steps.reduce((a, b) => (a > b ? a : b))
  if (start + widest > MAX) return false
  return exactTotal(Number(start), rules.price_unit, parcel) <= MAX
}

function* senselessCap(rules: RuleSet, steps: readonly bigint[]): Iterable<string> {
  if (rules.price_cap_fen == null) return
  const above = BigInt(rules.price_cap_fen) - BigInt(rules.starting_price_fen)
  if (above < 0n) yield 'CAP_BELOW_START'
  else if (rules.grid === 'MULTIPLE' ? steps.some((step) => step > 0n && above % step !== 0n) : offQuantum(rules))
    yield 'CAP_OFF_GRID'
}

function offQuantum(rules: RuleSet): boolean {
  return rules.price_quantum_fen > 0 && (rules.price_cap_fen as number) % rules.price_quantum_fen !== 0
}

/** None negative, none longer than ten years; what is waited for is not nothing. */
function durationsHold(rules: RuleSet): boolean {
  const waited = [rules.countdown_s, rules.outage_gap_s, rules.day_ms, rules.minute_ms, rules.max_live_min ?? 1]
  const seconds = [rules.countdown_s, rules.outage_gap_s, rules.outage_notice_s]
  const notice = [rules.suspend_rule.notice_s, rules.suspend_rule.at_once_within_s]
  const minutes = [rules.quiet_min, rules.ready_min, rules.free_min, rules.max_live_min ?? 0]
  const days = [rules.notice_days, rules.listing_days, rules.registration_gap_days]
  const spans = [
    ...[...seconds, ...notice].map((s) => s * 1000),
    ...minutes.map((min) => min * rules.minute_ms),
    ...days.map((day) => day * rules.day_ms),
    rules.drain_ms,
  ]
  return waited.every((value) => value >= 1) && spans.every((ms) => ms <= LONGEST_SPAN_MS)
}

function warningsHold(rules: RuleSet): boolean {
  return rules.warnings_s.every((second) => second >= 1)
}
