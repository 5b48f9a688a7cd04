/** The state after an entry, from its events and what its command adds to them. */
import { convertedTo, runsAsListing } from './stages'
import type { Command, CommandOf, Event, LotState, Stage, Window } from './types'

/** Uses up `lot`: its sets of bidders go over into the new state. */
export function apply(lot: LotState | null, command: Command, events: readonly Event[], at: number): LotState {
  let next = lot === null ? published(command as CommandOf<'publish_lot'>) : lot
  for (const event of events) next = after(next, command, event, at)
  return next
}

function published(command: CommandOf<'publish_lot'>): LotState {
  return {
    parcel: command.lot,
    rules: command.rules,
    timetable: command.timetable,
    version: 1,
    stage: 'ANNOUNCED',
    control: 'NORMAL',
    converted: false,
    opened_at: null,
    closes_at: null,
    last_window: null,
    live_limit: null,
    price_fen: null,
    leader_no: null,
    cap_reached: false,
    quoted: new Map(),
    entered: new Set(),
    suspended_at: null,
    resumes_at: null,
    disputed: false,
    reserve_met: null,
    winner_no: null,
    failed_reason: null,
    roll_opened: false,
    confirmed: false,
    sealed: false,
  }
}

function after(lot: LotState, command: Command, event: Event, at: number): LotState {
  switch (event.type) {
    case 'lot_supplemented':
      return supplemented(lot, command as CommandOf<'supplement_lot'>, event.version)
    case 'stage_changed':
      return changed(lot, command, event, at)
    case 'bidder_entered':
      if (event.join) lot.entered.add(event.bidder_no)
      else lot.entered.delete(event.bidder_no)
      return lot
    case 'bid_accepted':
      return quoted(lot, command as CommandOf<'place_bid'>, event.closes_at)
    case 'cap_reached':
      return { ...lot, cap_reached: true }
    case 'suspended':
      return { ...lot, control: 'SUSPENDED', resumes_at: null, suspended_at: lot.suspended_at ?? at }
    case 'interrupted':
      return interrupted(lot, event.from, event.resumes_at ?? null)
    case 'resumed':
      return resumed(lot, event, at)
    case 'result_disputed':
      return disputed(lot, command as CommandOf<'place_bid'>, at)
    case 'reserve_opened':
      return { ...lot, reserve_met: event.met }
    case 'hammer_fell':
      return { ...lot, winner_no: event.bidder_no }
    case 'lot_failed':
      return { ...lot, stage: 'FAILED', failed_reason: event.reason, winner_no: null, disputed: false }
    case 'lot_terminated':
      return { ...inStage(lot, 'FAILED', lot.closes_at, at), control: 'TERMINATED', suspended_at: null, resumes_at: null }
    case 'roll_opened':
      return { ...lot, roll_opened: true }
    case 'result_confirmed':
      return { ...lot, confirmed: true, disputed: false }
    case 'log_sealed':
      return { ...lot, sealed: true }
    default:
      return lot
  }
}

function changed(lot: LotState, command: Command, event: Extract<Event, { type: 'stage_changed' }>, at: number): LotState {
  // Where only people end the stage, the end of the last window stays known.
  const closes_at = event.closes_at ?? lot.closes_at
  const startsAuction = command.type === 'advance' && lot.stage === 'ANNOUNCED' && lot.rules.method === 'AUCTION'
  if (startsAuction && command.enough === false && event.to === 'LISTING') return converted(lot, closes_at, at)
  return inStage(lot, event.to as Stage, closes_at, at)
}

function supplemented(lot: LotState, command: CommandOf<'supplement_lot'>, version: number): LotState {
  return { ...lot, version, rules: command.rules, timetable: command.timetable }
}

function inStage(lot: LotState, to: Stage, closes_at: number | null, at: number): LotState {
  const last_window = windowLeft(lot) ?? lot.last_window
  const next = { ...lot, stage: to, closes_at, last_window, opened_at: openedAt(lot, to, at) }
  return to === 'TIMED' ? { ...next, live_limit: liveLimit(lot, at) } : next
}

/** An auction with too few bidders becomes a listing of full length from now on. */
function converted(lot: LotState, closes_at: number | null, at: number): LotState {
  const timetable = { ...lot.timetable, listing_from: at, listing_to: convertedTo(lot, at) }
  return { ...inStage(lot, 'LISTING', closes_at, at), converted: true, timetable }
}

/** The window for quotes that the stage was, now that it is left. */
function windowLeft(lot: LotState): Window | null {
  if (lot.stage !== 'LISTING' && lot.stage !== 'TIMED') return null
  const { stage, price_fen, leader_no } = lot
  return { stage, from: lot.opened_at as number, to: lot.closes_at as number, price_fen, leader_no }
}

/** A listing opens at its announced instant, however late the tick; all else when it is decided. */
function openedAt(lot: LotState, to: Stage, at: number): number {
  const announced = lot.stage === 'ANNOUNCED' && to === 'LISTING' && runsAsListing(lot)
  return announced ? (lot.timetable.listing_from as number) : at
}

function liveLimit(lot: LotState, at: number): number | null {
  return lot.rules.max_live_min == null ? null : at + lot.rules.max_live_min * lot.rules.minute_ms
}

function quoted(lot: LotState, bid: CommandOf<'place_bid'>, closes_at: number): LotState {
  remember(lot, bid)
  return { ...lot, price_fen: bid.amount_fen, leader_no: bid.bidder_no, closes_at }
}

/** Quotes are not always decided in the order of their arrival. */
function remember(lot: LotState, bid: CommandOf<'place_bid'>): void {
  lot.quoted.set(bid.bidder_no, Math.max(bid.received_at, lot.quoted.get(bid.bidder_no) ?? 0))
}

function interrupted(lot: LotState, from: number, resumes_at: number | null): LotState {
  return { ...lot, control: 'SUSPENDED', suspended_at: from, resumes_at }
}

function resumed(lot: LotState, event: Extract<Event, { type: 'resumed' }>, at: number): LotState {
  const closes_at = event.closes_at ?? lot.closes_at
  // What stood still before the stage began took nothing from it.
  const stopped = at - Math.max(lot.suspended_at ?? at, lot.opened_at ?? 0)
  return {
    ...lot,
    control: 'NORMAL',
    suspended_at: null,
    resumes_at: null,
    timetable: event.timetable ?? lot.timetable,
    closes_at,
    opened_at: at,
    // Stopped time does not count against the longest live phase, and the full window is always given.
    live_limit: lot.live_limit === null ? null : Math.max(lot.live_limit + stopped, closes_at ?? 0),
    // A sale that is reopened compares its reserve with its last price.
    ...(lot.stage === 'CLOSING' && lot.disputed ? { reserve_met: null } : {}),
    disputed: false,
  }
}

/** Before the hammer a dispute stops the sale; a late quote of the listing counts as having quoted. */
function disputed(lot: LotState, bid: CommandOf<'place_bid'>, at: number): LotState {
  if (lot.stage === 'SOLD' || lot.stage === 'FAILED') return { ...lot, disputed: true }
  remember(lot, bid)
  return { ...lot, disputed: true, control: 'SUSPENDED', suspended_at: lot.suspended_at ?? at, resumes_at: null }
}
