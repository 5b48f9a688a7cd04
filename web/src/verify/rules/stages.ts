/** Time's own command: which stage follows, and until when (docs/rules.md, "Two axes" and "Closing"). */
import { biddingFrom } from './calendar'
import { listingDays } from './release'
import type { CommandOf, Decision, Event, LotState, Stage } from './types'

type Advance = CommandOf<'advance'>
const HOUR_MIN = 60

/** The earliest instant at which time ends the stage, or null where only people do. */
export function leavesAt(lot: LotState): number | null {
  if (lot.stage === 'ANNOUNCED') return biddingFrom(lot.timetable)
  if (lot.closes_at === null || lot.stage === 'CLOSING') return null
  const drained = lot.stage === 'LISTING' || lot.stage === 'TIMED' || takesOptIns(lot)
  return lot.closes_at + (drained ? lot.rules.drain_ms : 0)
}

function takesOptIns(lot: LotState): boolean {
  return lot.stage === 'READY' && lot.rules.entry_rule === 'OPT_IN'
}

export function decideAdvance(lot: LotState, command: Advance, at: number): Decision {
  if (command.leaving !== lot.stage) return { refused: 'STALE_ADVANCE' }
  if (at < (leavesAt(lot) as number)) return { refused: 'TOO_EARLY' }
  const proved = lot.stage === 'ANNOUNCED' || lot.stage === 'QUIET' || command.proved_to >= (lot.closes_at as number)
  if (!proved) return { refused: 'PATH_NOT_PROVED' }
  if (lot.stage === 'ANNOUNCED' && lot.rules.method === 'AUCTION') return startAuction(lot, command, at)
  return { events: [entering(lot, following(lot), at)] }
}

function startAuction(lot: LotState, command: Advance, at: number): Decision {
  if (command.enough == null || command.head_count_commitment == null) return { refused: 'HEAD_COUNT_MISSING' }
  if (command.enough) return { events: [entering(lot, following(lot), at)] }
  if (lot.rules.on_shortfall === 'CONVERT_TO_LISTING')
    return { events: [changed(lot.stage, 'LISTING', convertedTo(lot, at) - quietMs(lot))] }
  return { events: [changed(lot.stage, 'FAILED'), { type: 'lot_failed', reason: 'TOO_FEW_BIDDERS' }] }
}

function following(lot: LotState): Stage {
  switch (lot.stage) {
    case 'ANNOUNCED':
      if (lot.rules.method === 'LISTING') return 'LISTING'
      return lot.rules.ready_min > 0 ? 'READY' : afterReady(lot)
    case 'LISTING':
      if (runsAsListing(lot) && lot.rules.quiet_min > 0) return 'QUIET'
      return afterListing(lot, lot.closes_at as number)
    case 'QUIET':
      return afterListing(lot, lot.last_window?.to as number)
    case 'READY':
      return afterReady(lot)
    default:
      return 'CLOSING'
  }
}

function afterReady(lot: LotState): Stage {
  return !runsAsListing(lot) && lot.rules.free_min > 0 ? 'LISTING' : 'TIMED'
}

/** Whether bidding began as a listing, which an auction with too few bidders turns into. */
export function runsAsListing(lot: LotState): boolean {
  return lot.rules.method === 'LISTING' || lot.converted
}

/** `end`: when the listing's quotes ended. */
function afterListing(lot: LotState, end: number): Stage {
  if (lot.cap_reached) return 'CLOSING'
  if (!runsAsListing(lot)) return 'TIMED'
  if (lot.rules.entry_rule === 'QUOTED_BEFORE' && lot.quoted.size === 0) return 'CLOSING'
  if (!goesLive(lot, end)) return 'CLOSING'
  return lot.rules.ready_min > 0 ? 'READY' : 'TIMED'
}

function goesLive(lot: LotState, end: number): boolean {
  if (lot.rules.live_trigger === 'ALWAYS') return true
  if (lot.rules.live_trigger === 'TWO_BIDDERS') return lot.quoted.size >= 2
  let recent = 0
  for (const arrival of lot.quoted.values()) if (arrival >= end - HOUR_MIN * lot.rules.minute_ms) recent += 1
  return recent >= 2
}

/** The change into `to`, with the end of its window. */
function entering(lot: LotState, to: Stage, at: number): Event {
  const { rules, timetable } = lot
  switch (to) {
    case 'LISTING':
      if (runsAsListing(lot)) return changed(lot.stage, to, (timetable.listing_to as number) - quietMs(lot))
      return changed(lot.stage, to, at + rules.free_min * rules.minute_ms)
    case 'QUIET':
      return changed(lot.stage, to, timetable.listing_to as number)
    case 'READY':
      return changed(lot.stage, to, at + rules.ready_min * rules.minute_ms)
    case 'TIMED':
      return changed(lot.stage, to, at + rules.countdown_s * 1000)
    default:
      return changed(lot.stage, to)
  }
}

export function changed(from: Stage, to: Stage, closes_at?: number): Event {
  return { type: 'stage_changed', from, to, ...(closes_at === undefined ? {} : { closes_at }) }
}

export function quietMs(lot: LotState): number {
  return lot.rules.quiet_min * lot.rules.minute_ms
}

/** When the listing ends that a too small auction becomes at `at`. */
export function convertedTo(lot: LotState, at: number): number {
  return at + listingDays(lot.rules) * lot.rules.day_ms
}

export function decideOptIn(lot: LotState, command: CommandOf<'opt_in'>): Decision {
  if (lot.rules.entry_rule !== 'OPT_IN') return { refused: 'OPT_IN_NOT_ASKED' }
  if (command.received_at < (lot.opened_at as number)) return { refused: 'NOT_OPEN' }
  if (command.received_at >= (lot.closes_at as number)) return { refused: 'CLOSED' }
  return { events: [{ type: 'bidder_entered', bidder_no: command.bidder_no, join: command.join }] }
}
