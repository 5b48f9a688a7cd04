/** A quote: accepted, or refused by the first name that applies (docs/rules.md, "A valid quote"). */
import { MAX_FEN, stepFen } from './money'
import type { CommandOf, Event, LotState, Stage, Window } from './types'

type PlaceBid = CommandOf<'place_bid'>

function takesNoQuotes(stage: Stage): boolean {
  return stage !== 'LISTING' && stage !== 'TIMED'
}

/** From the moment the listing is over for good, the live step is the step in force. */
export function isLive(stage: Stage): boolean {
  return stage !== 'ANNOUNCED' && stage !== 'LISTING' && stage !== 'QUIET'
}

export function minimumFen(lot: LotState, live = isLive(lot.stage)): number {
  return lot.price_fen === null ? lot.rules.starting_price_fen : lot.price_fen + stepFen(lot.rules, lot.parcel, live)
}

/** The events of a quote. It is always answered, and the answer is always logged. */
export function decideBid(lot: LotState, bid: PlaceBid, at: number): Event[] {
  const over = windowOver(lot, bid)
  if (over !== null) return refusedLate(lot, bid, over)
  const reason = outOfTime(lot, bid) ?? invalid(lot, bid, lot.stage)
  if (reason !== null) return [refused(lot, bid, reason, lot.closes_at)]
  return accepted(lot, bid, at)
}

/** The window left before, if the quote arrived in it. */
function lateWindow(lot: LotState, bid: PlaceBid): Window | null {
  const left = lot.last_window
  return left !== null && left.from <= bid.received_at && bid.received_at < left.to ? left : null
}

/** The window for which it comes too late, though it arrived in it; while the sale stands still too. */
function windowOver(lot: LotState, bid: PlaceBid): Window | null {
  const late = lot.control === 'TERMINATED' ? null : lateWindow(lot, bid)
  if (late === null || takesNoQuotes(lot.stage)) return late
  // Only who has quoted may go on: whose quote in the listing is still undecided cannot be told that he has none.
  const listing = lot.stage === 'TIMED' && late.stage === 'LISTING' && lot.rules.entry_rule === 'QUOTED_BEFORE'
  return listing && !hasEntered(lot, bid.bidder_no) ? late : null
}

/** Judged as its window stood; if it would have counted there, it disputes. */
function refusedLate(lot: LotState, bid: PlaceBid, over: Window): Event[] {
  const { stage, price_fen, leader_no, to } = over
  const then = { ...lot, stage, price_fen, leader_no }
  const answer = refused(then, bid, 'CLOSED', to)
  return invalid(then, bid, stage) === null ? [answer, { type: 'result_disputed', bid_id: bid.bid_id }] : [answer]
}

function outOfTime(lot: LotState, bid: PlaceBid): string | null {
  if (lot.control === 'SUSPENDED') return 'SUSPENDED'
  switch (lot.stage) {
    case 'ANNOUNCED':
    case 'QUIET':
    case 'READY':
      return 'NOT_OPEN'
    case 'LISTING':
    case 'TIMED':
      if (bid.received_at >= (lot.closes_at as number)) return 'CLOSED'
      return bid.received_at >= (lot.opened_at as number) || lateWindow(lot, bid) !== null ? null : 'NOT_OPEN'
    default:
      return 'CLOSED'
  }
}

/** Tests 2 to 7, as they are in the window of `stage`. */
function invalid(lot: LotState, bid: PlaceBid, stage: Stage): string | null {
  return notEntitled(lot, bid, stage) ?? wrongPrice(lot, bid, stage === 'TIMED')
}

function notEntitled(lot: LotState, bid: PlaceBid, stage: Stage): string | null {
  if (bid.admission == null) return 'NOT_ADMITTED'
  if (stage === 'TIMED' && !hasEntered(lot, bid.bidder_no)) return 'NOT_ENTERED'
  if (lot.rules.self_outbid === 'REFUSE' && lot.leader_no === bid.bidder_no) return 'ALREADY_LEADING'
  return null
}

function hasEntered(lot: LotState, bidder: string): boolean {
  if (lot.rules.entry_rule === 'QUOTED_BEFORE') return lot.quoted.has(bidder)
  return lot.rules.entry_rule !== 'OPT_IN' || lot.entered.has(bidder)
}

function wrongPrice(lot: LotState, bid: PlaceBid, live: boolean): string | null {
  const { rules, price_fen: price } = lot
  const amount = bid.amount_fen
  const step = stepFen(rules, lot.parcel, live)
  if (price === null && amount < rules.starting_price_fen) return 'BELOW_START'
  if (amount < minimumFen(lot, live)) return 'BELOW_MINIMUM'
  // A difference of two amounts is exact, and so is its remainder.
  const jump = amount - (price ?? rules.starting_price_fen)
  if ((rules.grid === 'MULTIPLE' ? jump % step : amount % rules.price_quantum_fen) !== 0) return 'OFF_GRID'
  if (exceeds(jump, rules.max_jump_steps, step)) return 'JUMP_TOO_LARGE'
  if (!bid.jump_confirmed && exceeds(jump, rules.confirm_jump_steps, step)) return 'JUMP_NOT_CONFIRMED'
  return amount > highestFen(lot) ? 'ABOVE_CAP' : null
}

function exceeds(jump: number, steps: number | null | undefined, step: number): boolean {
  return steps != null && BigInt(jump) > BigInt(steps) * BigInt(step)
}

/** The cap, or the amount above which the next price would leave the range. */
function highestFen(lot: LotState): number {
  const widest = Math.max(stepFen(lot.rules, lot.parcel, false), stepFen(lot.rules, lot.parcel, true))
  return Math.min(lot.rules.price_cap_fen ?? MAX_FEN, MAX_FEN - widest)
}

function refused(lot: LotState, bid: PlaceBid, reason: string, closes_at: number | null): Event {
  const { bidder_no, amount_fen } = bid
  const told = { bidder_no, amount_fen, reason, minimum_fen: minimumFen(lot) }
  return { type: 'bid_refused', ...told, ...(closes_at === null ? {} : { closes_at }) }
}

function accepted(lot: LotState, bid: PlaceBid, at: number): Event[] {
  const { bidder_no, amount_fen } = bid
  const minimum_next_fen = amount_fen + stepFen(lot.rules, lot.parcel, isLive(lot.stage))
  const capped = amount_fen === lot.rules.price_cap_fen
  const closes_at = closesAtAfter(lot, at, capped)
  const events: Event[] = [{ type: 'bid_accepted', bidder_no, amount_fen, minimum_next_fen, closes_at }]
  if (capped) events.push({ type: 'cap_reached', amount_fen, closes_at })
  return events
}

/** The end of the window after an accepted quote. */
function closesAtAfter(lot: LotState, at: number, capped: boolean): number {
  const end = lot.closes_at as number
  if (lot.stage !== 'TIMED') return end
  if (capped) return Math.min(end, at)
  const whole = lot.rules.countdown_s * 1000
  if (lot.rules.extension === 'NONE') return end
  const from = lot.rules.extension === 'APPEND' ? Math.max(end, at) : at
  return Math.max(end, Math.min(from + whole, lot.live_limit ?? Number.MAX_SAFE_INTEGER))
}
