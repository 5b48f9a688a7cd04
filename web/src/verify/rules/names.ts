/** The names that the rules know. A log that says anything else cannot be decided by them. */
import type { Command, ParcelFacts, RuleSet } from './types'

const STAGES = ['ANNOUNCED', 'LISTING', 'QUIET', 'READY', 'TIMED', 'CLOSING', 'SOLD', 'FAILED']
const UNITS = ['TOTAL', 'PER_MU', 'PER_M2', 'PER_FLOOR_M2']
const LAND_USES = ['RESIDENTIAL', 'INDUSTRIAL', 'PUBLIC', 'COMMERCIAL', 'MIXED']
const INTERRUPTIONS = ['OUTAGE', 'CLOCK_STEP', 'CUT_OFF']
const OUTCOMES = ['CONFIRMED', 'UNQUALIFIED']
const SUSPENSIONS = [
  'PLATFORM_FAULT', 'COURT_ORDER', 'TITLE_DISPUTE', 'COLLUSION_SUSPECTED', 'POLICY_CHANGE', 'RESULT_DISPUTED', 'OTHER',
]
const CHOICES = {
  method: ['LISTING', 'AUCTION'],
  price_unit: UNITS,
  increment_unit: UNITS,
  grid: ['MULTIPLE', 'MIN_ONLY'],
  self_outbid: ['REFUSE', 'ALLOW'],
  reserve: ['SEALED', 'NONE'],
  cap_mode: ['NONE', 'LOTTERY', 'ONE_SHOT_NEAREST_MEAN'],
  live_trigger: ['ALWAYS', 'TWO_BIDDERS', 'TWO_IN_LAST_HOUR'],
  entry_rule: ['ALL_QUALIFIED', 'QUOTED_BEFORE', 'OPT_IN'],
  extension: ['RESET', 'APPEND', 'NONE'],
  on_shortfall: ['TERMINATE', 'CONVERT_TO_LISTING'],
  qualification: ['PRE', 'POST'],
  outage_resume: ['AUTO', 'MANUAL'],
  day_count: ['INCLUSIVE', 'FULL_DAYS'],
  rounding: ['HALF_UP_TO_YUAN'],
} as const satisfies Partial<Record<keyof RuleSet, readonly string[]>>

/** The first name in a command that the rules do not know, or null. */
export function unknownName(command: Command): string | null {
  switch (command.type) {
    case 'publish_lot':
      return unknownUse(command.lot) ?? unknownChoice(command.rules)
    case 'supplement_lot':
      return unknownChoice(command.rules)
    case 'advance':
      return unless(STAGES, command.leaving)
    case 'suspend':
    case 'terminate':
      return unless(SUSPENSIONS, command.cause)
    case 'interrupt':
      return unless(INTERRUPTIONS, command.cause)
    case 'confirm_result':
      return unless(OUTCOMES, command.outcome)
    default:
      return null
  }
}

function unknownUse(parcel: ParcelFacts): string | null {
  return unless(LAND_USES, parcel.land_use_class)
}

function unknownChoice(rules: RuleSet): string | null {
  for (const [field, names] of Object.entries(CHOICES)) {
    const name = rules[field as keyof typeof CHOICES]
    if (!(names as readonly string[]).includes(name)) return `${field} ${name}`
  }
  return null
}

function unless(known: readonly string[], name: string): string | null {
  return known.includes(name) ? null : name
}
