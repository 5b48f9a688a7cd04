/** Days, and the instants of a timetable. China keeps UTC+8 the whole year. */
import type { RuleSet, Timetable } from './types'

/** The last millisecond of the year 9999: no timetable reaches beyond it. */
export const LAST_INSTANT = 253_402_300_799_999
export const REAL_DAY_MS = 86_400_000
const BEIJING_MS = 8 * 3_600_000

export function beijingDay(at: number): number {
  return Math.floor((at + BEIJING_MS) / REAL_DAY_MS)
}

/** Which of the RuleSet's days an instant lies in; a real day begins at midnight in Beijing. */
function dayOf(rules: RuleSet, at: number): number {
  return Math.floor((at + BEIJING_MS) / rules.day_ms)
}

/** INCLUSIVE counts the first day as a day, FULL_DAYS counts whole spans of a day. */
export function daysBetween(rules: RuleSet, from: number, to: number): number {
  if (to < from) return 0
  if (rules.day_count === 'FULL_DAYS') return Math.floor((to - from) / rules.day_ms)
  return dayOf(rules, to) - dayOf(rules, from) + 1
}

/** When bidding begins. */
export function biddingFrom(table: Timetable): number {
  return table.listing_from ?? table.auction_from ?? 0
}

/** Whether the timetable has the instants that the method needs, no others, in their order. */
export function isOrdered(table: Timetable, method: string): boolean {
  const { listing_from: from, listing_to: to, auction_from: auction } = table
  const listing = method === 'LISTING'
  if (listing ? from == null || to == null || auction != null : auction == null || from != null || to != null) return false
  const start = listing ? (from as number) : (auction as number)
  const end = listing ? (to as number) : start
  return (
    table.announced_at <= table.registration_from &&
    table.registration_from < table.registration_to &&
    table.registration_to <= end &&
    table.registration_from < table.deposit_deadline &&
    table.deposit_deadline <= end &&
    table.announced_at <= start &&
    (!listing || start < end) &&
    end <= LAST_INSTANT
  )
}

