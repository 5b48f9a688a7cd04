/** Publication, and what may still be changed before bidding opens (docs/rules.md, "A supplement" and "Release"). */
import { biddingFrom, daysBetween, isOrdered } from './calendar'
import { isWaived, noticeDays, violations } from './release'
import { fourEyes } from './stops'
import type { CommandOf, Decision, LotState, RuleSet } from './types'

export const RULES_VERSION = 1

export function decidePublish(command: CommandOf<'publish_lot'>, at: number): Decision {
  if (!fourEyes(command)) return { refused: 'FOUR_EYES' }
  if (command.rules_version !== RULES_VERSION) return { refused: 'RULES_NOT_VALID' }
  const valid = violations(command.lot, command.rules, command.timetable, at).length === 0
  return valid ? { events: [{ type: 'lot_published' }] } : { refused: 'RULES_NOT_VALID' }
}

export function decideSupplement(lot: LotState, command: CommandOf<'supplement_lot'>, at: number): Decision {
  const { timetable: table, rules } = command
  const start = biddingFrom(lot.timetable)
  if (!fourEyes(command)) return { refused: 'FOUR_EYES' }
  if (at >= start) return { refused: 'BIDDING_HAS_OPENED' }
  if (rules.method !== lot.rules.method) return { refused: 'RULES_NOT_VALID' }
  if (!isOrdered(table, rules.method) || biddingFrom(table) < at) return { refused: 'TIMETABLE_INVALID' }
  if (biddingFrom(table) < start) return { refused: 'WINDOW_TOO_SHORT' }
  if (table.announced_at !== lot.timetable.announced_at) return { refused: 'RULES_NOT_VALID' }
  const relevant = command.price_relevant || changesThePrice(lot.rules, rules)
  // A waiver counts if it was given before: by the rules in force, not by those that the supplement brings.
  const late = relevant && !isWaived(lot.rules, 'T3') && daysBetween(lot.rules, at, biddingFrom(table)) < noticeDays(lot.rules)
  if (late) return { refused: 'START_NOT_POSTPONED' }
  if (violations(lot.parcel, rules, table, table.announced_at).length > 0) return { refused: 'RULES_NOT_VALID' }
  return { events: [{ type: 'lot_supplemented', version: lot.version + 1, postponed: biddingFrom(table) > start }] }
}

const PRICE_RELEVANT = [
  'price_unit',
  'starting_price_fen',
  'increment_fen',
  'increment_unit',
  'increment_live_fen',
  'reserve',
  'price_cap_fen',
] as const

function changesThePrice(old: RuleSet, rules: RuleSet): boolean {
  return PRICE_RELEVANT.some((name) => (old[name] ?? null) !== (rules[name] ?? null)) || !sameDeposit(old, rules)
}

function sameDeposit(old: RuleSet, rules: RuleSet): boolean {
  const names = Object.keys(old.deposit)
  return (
    names.length === Object.keys(rules.deposit).length && names.every((name) => old.deposit[name] === rules.deposit[name])
  )
}
