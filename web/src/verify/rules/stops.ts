/** When something stops, and what everyone is owed when it goes on (docs/rules.md, "When something stops"). */
import { LAST_INSTANT, beijingDay, biddingFrom, isOrdered } from './calendar'
import { violations } from './release'
import { changed, quietMs, runsAsListing } from './stages'
import type { CommandOf, Decision, Event, LotState, Timetable } from './types'

const LONGEST_AUTOMATIC_MS = 7_200_000

interface Signed {
  readonly requester?: string | null
  readonly approver?: string | null
}

/** Whether two different officials stand behind it. */
export function fourEyes(command: Signed): boolean {
  return command.requester != null && command.approver != null && command.requester !== command.approver
}

export function decideSuspend(lot: LotState, command: CommandOf<'suspend'>): Decision {
  const alone = command.emergency && command.approver == null
  if (!alone && !fourEyes(command)) return { refused: 'FOUR_EYES' }
  if (lot.control === 'SUSPENDED' && lot.resumes_at === null) return { refused: 'ALREADY_SUSPENDED' }
  return { events: [{ type: 'suspended', cause: command.cause }] }
}

export function decideInterrupt(lot: LotState, command: CommandOf<'interrupt'>, at: number): Decision {
  const { from, to } = command
  const gap = to - from
  if (gap < 0 || to > at) return { refused: 'NO_GAP' }
  if (command.cause === 'OUTAGE' && gap <= lot.rules.outage_gap_s * 1000) return { refused: 'NO_GAP' }
  const automatic =
    lot.rules.outage_resume === 'AUTO' && gap <= LONGEST_AUTOMATIC_MS && beijingDay(from) === beijingDay(to)
  const resumes_at = at + lot.rules.outage_notice_s * 1000
  return { events: [{ type: 'interrupted', from, to, ...(automatic ? { resumes_at } : {}) }] }
}

export function decideTerminate(command: CommandOf<'terminate'>): Decision {
  if (!fourEyes(command)) return { refused: 'FOUR_EYES' }
  return { events: [{ type: 'lot_terminated' }, { type: 'lot_failed', reason: 'TERMINATED' }] }
}

// ── resuming ───────────────────────────────────────────────────────────────────────────────────────────────────────

export function decideResume(lot: LotState, command: CommandOf<'resume'>, at: number): Decision {
  const officials = command.requester != null
  const refused = officials ? officialsMayNot(lot, command, at) : timeMayNot(lot, at)
  if (refused !== null) return { refused }
  return resumed(lot, command, at, officials)
}

function timeMayNot(lot: LotState, at: number): string | null {
  if (lot.resumes_at === null) return 'FOUR_EYES'
  return at < lot.resumes_at ? 'TOO_EARLY' : null
}

function officialsMayNot(lot: LotState, command: CommandOf<'resume'>, at: number): string | null {
  if (!fourEyes(command)) return 'FOUR_EYES'
  if (command.announced_at > at) return 'RESUME_NOT_ANNOUNCED'
  const { notice_s, at_once_within_s } = lot.rules.suspend_rule
  const stopped = lot.suspended_at as number
  if (at - stopped <= at_once_within_s * 1000) return null
  return at < Math.max(command.announced_at, stopped) + notice_s * 1000 ? 'RESUME_NOT_ANNOUNCED' : null
}

function resumed(lot: LotState, command: CommandOf<'resume'>, at: number, officials: boolean): Decision {
  const { rules } = lot
  switch (lot.stage) {
    case 'ANNOUNCED':
      return resumeAnnounced(lot, command, at)
    case 'LISTING':
    case 'QUIET':
      return resumeListing(lot, command, at, officials)
    case 'READY':
      return goesOn(at + rules.ready_min * rules.minute_ms)
    case 'TIMED':
      return goesOn(at + rules.countdown_s * 1000)
    default:
      return resumeClosing(lot, at)
  }
}

function goesOn(closes_at: number, ...more: Event[]): Decision {
  return { events: [{ type: 'resumed', closes_at }, ...more] }
}

function resumeClosing(lot: LotState, at: number): Decision {
  if (!lot.disputed) return { events: [{ type: 'resumed' }] }
  const closes_at = at + lot.rules.countdown_s * 1000
  return goesOn(closes_at, changed('CLOSING', 'TIMED', closes_at))
}

function resumeAnnounced(lot: LotState, command: CommandOf<'resume'>, at: number): Decision {
  const stated = command.timetable ?? null
  const table = stated ?? lot.timetable
  if (!isOrdered(table, lot.rules.method) || biddingFrom(table) < at) return { refused: 'TIMETABLE_INVALID' }
  if (stated === null) return { events: [{ type: 'resumed' }] }
  if (table.announced_at !== lot.timetable.announced_at) return { refused: 'TIMETABLE_INVALID' }
  if (violations(lot.parcel, lot.rules, table, table.announced_at).length > 0) return { refused: 'TIMETABLE_INVALID' }
  if (biddingFrom(table) < biddingFrom(lot.timetable)) return { refused: 'WINDOW_TOO_SHORT' }
  return { events: [{ type: 'resumed', timetable: table }] }
}

/** What was left of the window when it stopped (ms); of a window for quotes a countdown at the least. */
function leftOf(lot: LotState): number {
  const closes_at = lot.closes_at as number
  // Nobody is owed time from before the window opened.
  const stopped = Math.max(lot.suspended_at as number, lot.opened_at as number)
  const left = Math.max(0, closes_at - stopped)
  return lot.stage === 'LISTING' ? Math.max(left, lot.rules.countdown_s * 1000) : left
}

function resumeListing(lot: LotState, command: CommandOf<'resume'>, at: number, officials: boolean): Decision {
  const closes_at = at + leftOf(lot)
  if (!runsAsListing(lot)) return goesOn(closes_at)
  const quiet = lot.stage === 'LISTING' ? quietMs(lot) : 0
  if (!officials) return listingGoesOn({ ...lot.timetable, listing_to: closes_at + quiet }, quiet)
  const table = command.timetable
  if (table?.listing_to == null) return { refused: 'TIMETABLE_MISSING' }
  if (!keepsThePast(lot.timetable, table)) return { refused: 'TIMETABLE_INVALID' }
  if (table.listing_to < closes_at + quiet) return { refused: 'WINDOW_TOO_SHORT' }
  return listingGoesOn(table, quiet)
}

function listingGoesOn(timetable: Timetable, quiet: number): Decision {
  return { events: [{ type: 'resumed', closes_at: (timetable.listing_to as number) - quiet, timetable }] }
}

/** Only the ends may move, and only later; no calendar ends before them. */
function keepsThePast(old: Timetable, table: Timetable): boolean {
  const listing_to = table.listing_to as number
  return (
    listing_to <= LAST_INSTANT &&
    table.registration_to <= listing_to &&
    table.deposit_deadline <= listing_to &&
    (table.auction_from ?? null) === (old.auction_from ?? null) &&
    table.announced_at === old.announced_at &&
    table.registration_from === old.registration_from &&
    table.listing_from === old.listing_from &&
    table.registration_to >= old.registration_to &&
    table.deposit_deadline >= old.deposit_deadline
  )
}
