/**
 * Entries of a lot log → what the room showed after each of them (bid-log §4).
 *
 * It computes nothing that was decided: prices, ends and results are taken from the events; only
 * the step in force and the total follow from the rules printed in entry 0.
 */
import { totalFen } from '../live/money'
import type {
  AcceptedQuote, LogCommand, LogEvent, LotEntry, LotFields, Notice, ParcelFacts, RuleSet, RulesSummary, Timetable,
} from '../api/wire'

/** The screen after one entry. */
export interface Moment {
  readonly seq: number
  readonly at: number
  readonly lot: LotFields
  readonly rules: RulesSummary
  readonly quote: AcceptedQuote | null
  readonly notice: Notice | null
  readonly entry: LotEntry
}

interface Sale {
  readonly rules: RuleSet
  readonly parcel: ParcelFacts
  readonly timetable: Timetable
  readonly lot: LotFields
}

/** Raises Error when entry 0 is missing or the numbers have a gap: a gap is never filled in. */
export function fold(entries: readonly LotEntry[]): Moment[] {
  let sale: Sale | null = null
  return entries.map((entry, index) => {
    if (entry.seq !== index) throw new Error(`entry ${index} is missing`)
    sale = entry.events.reduce<Sale | null>((before, event) => evolve(before, event, entry), sale)
    if (sale === null) throw new Error('entry 0 does not publish a lot')
    const current: Sale = sale
    return {
      seq: entry.seq,
      at: entry.at,
      lot: priced(current),
      rules: summary(current),
      quote: quoteOf(entry, current),
      notice: noticeOf(entry),
      entry,
    }
  })
}

/** The index of the moment on screen at `at` (server ms), or −1 before the first. */
export function momentAt(moments: readonly Moment[], at: number): number {
  let [low, high] = [0, moments.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((moments[middle] as Moment).at <= at) low = middle + 1
    else high = middle
  }
  return low - 1
}

function evolve(sale: Sale | null, event: LogEvent, entry: LotEntry): Sale | null {
  if (sale === null) return event.type === 'lot_published' ? born(entry.command) : null
  const become = (lot: Partial<LotFields>): Sale => ({ ...sale, lot: { ...sale.lot, ...lot } })
  switch (event.type) {
    case 'stage_changed':
      return become({
        stage: event.to,
        closes_at: event.closes_at ?? sale.lot.closes_at,
        opens_at: event.to === 'ANNOUNCED' ? sale.lot.opens_at : null,
      })
    case 'bid_accepted': {
      const end = sale.lot.closes_at ?? 0
      const extended = sale.lot.stage === 'TIMED' && event.closes_at > end
      return become({
        price_fen: event.amount_fen,
        leader_no: event.bidder_no,
        closes_at: event.closes_at,
        accepted: sale.lot.accepted + 1,
        extensions: sale.lot.extensions + (extended ? 1 : 0),
      })
    }
    case 'cap_reached':
      return become({ closes_at: event.closes_at })
    case 'lot_supplemented':
      return supplemented(sale, entry.command)
    case 'suspended':
      return become({ control: 'SUSPENDED', suspend_cause: event.cause, resumes_at: null })
    case 'interrupted':
      return become({
        control: 'SUSPENDED',
        suspend_cause: entry.command.type === 'interrupt' ? entry.command.cause : 'OUTAGE',
        resumes_at: event.resumes_at ?? null,
      })
    case 'resumed': {
      const timetable = event.timetable ?? sale.timetable
      const lot = {
        control: 'NORMAL',
        suspend_cause: null,
        resumes_at: null,
        disputed: false,
        closes_at: event.closes_at ?? sale.lot.closes_at,
        opens_at: sale.lot.stage === 'ANNOUNCED' ? biddingFrom(timetable) : null,
      }
      return { ...become(lot), timetable }
    }
    case 'reserve_opened':
      return become({ reserve_met: event.met })
    case 'hammer_fell':
      return become({ winner_no: event.bidder_no })
    case 'lot_failed':
      return become({ failed_reason: event.reason, winner_no: null })
    case 'lot_terminated':
      return become({ control: 'TERMINATED', stage: 'FAILED', resumes_at: null })
    case 'result_disputed': {
      const over = sale.lot.stage === 'SOLD' || sale.lot.stage === 'FAILED'
      return become(over ? { disputed: true } : { disputed: true, control: 'SUSPENDED', suspend_cause: 'RESULT_DISPUTED' })
    }
    case 'result_confirmed':
      return become({ disputed: false })
    case 'log_sealed':
      return become({ sealed: true })
    default:
      return sale
  }
}

function born(command: LogCommand): Sale | null {
  if (command.type !== 'publish_lot') return null
  const lot: LotFields = {
    stage: 'ANNOUNCED',
    control: 'NORMAL',
    minimum_bid_fen: command.rules.starting_price_fen,
    increment_fen: command.rules.increment_fen,
    opens_at: biddingFrom(command.timetable),
    extensions: 0,
    accepted: 0,
    disputed: false,
    sealed: false,
  }
  return { rules: command.rules, parcel: command.lot, timetable: command.timetable, lot }
}

function supplemented(sale: Sale, command: LogCommand): Sale {
  if (command.type !== 'supplement_lot') return sale
  const { rules, timetable } = command
  return { ...sale, rules, timetable, lot: { ...sale.lot, opens_at: biddingFrom(timetable) } }
}

function biddingFrom(timetable: Timetable): number | null {
  return timetable.listing_from ?? timetable.auction_from ?? null
}

const BEFORE_LIVE = new Set(['ANNOUNCED', 'LISTING', 'QUIET'])

/** The fields that follow from price, stage and rules. */
function priced({ rules, parcel, lot }: Sale): LotFields {
  const live = !BEFORE_LIVE.has(lot.stage)
  const step = live && rules.increment_live_fen != null ? rules.increment_live_fen : rules.increment_fen
  const increment = rules.increment_unit === rules.price_unit ? step : totalFen(step, rules.increment_unit, parcel)
  const price = lot.price_fen
  return {
    ...lot,
    increment_fen: increment,
    minimum_bid_fen: price == null ? rules.starting_price_fen : price + increment,
    total_fen: price == null ? null : totalFen(price, rules.price_unit, parcel),
  }
}

function summary({ rules, parcel }: Sale): RulesSummary {
  return {
    method: rules.method,
    price_unit: rules.price_unit,
    starting_price_fen: rules.starting_price_fen,
    grid: rules.grid,
    price_quantum_fen: rules.price_quantum_fen,
    max_jump_steps: rules.max_jump_steps,
    confirm_jump_steps: rules.confirm_jump_steps,
    self_outbid: rules.self_outbid,
    price_cap_fen: rules.price_cap_fen,
    countdown_s: rules.countdown_s,
    extension: rules.extension,
    entry_rule: rules.entry_rule,
    drain_ms: rules.drain_ms,
    warnings_s: rules.warnings_s,
    area_centi_m2: parcel.area_centi_m2,
    floor_area_centi_m2: parcel.floor_area_centi_m2,
    title: parcel.title,
    parcel_no: parcel.parcel_no,
    land_use: parcel.land_use,
  }
}

function quoteOf(entry: LotEntry, sale: Sale): AcceptedQuote | null {
  const event = entry.events.find((each) => each.type === 'bid_accepted')
  if (event === undefined) return null
  const { bidder_no, amount_fen, closes_at } = event
  return { seq: entry.seq, at: entry.at, bidder_no, amount_fen, closes_at, stage: sale.lot.stage }
}

/** The notice that everyone was sent with this entry, if any. */
function noticeOf(entry: LotEntry): Notice | null {
  const make = (code: string, params: Notice['params'] = {}): Notice => ({ type: 'notice', code, at: entry.at, params })
  const { command } = entry
  for (const event of entry.events) {
    switch (event.type) {
      case 'suspended':
        return make('SUSPENDED', { cause: event.cause, ...('text' in command ? { text: command.text } : {}) })
      case 'interrupted':
        return make('INTERRUPTED', { cause: command.type === 'interrupt' ? command.cause : 'OUTAGE' })
      case 'resumed':
        return make('RESUMED', event.closes_at == null ? {} : { closes_at: event.closes_at })
      case 'lot_terminated':
        return make('TERMINATED', command.type === 'terminate' ? { cause: command.cause, text: command.text } : {})
      case 'lot_supplemented':
        return make('SUPPLEMENTED', command.type === 'supplement_lot' ? { text: command.text } : {})
      case 'stage_changed':
        return make('STAGE', { to: event.to })
    }
  }
  return null
}
