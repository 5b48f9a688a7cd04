/** What may happen in each stage (docs/rules.md, "Two axes"). An exception is a row, not an `if` elsewhere. */
import type { Command, Control, Stage } from './types'

type Kind = Command['type']

const ALLOWED: Readonly<Record<Stage, readonly Kind[]>> = {
  ANNOUNCED: ['supplement_lot', 'advance', 'suspend', 'terminate'],
  LISTING: ['place_bid', 'advance', 'suspend', 'interrupt', 'terminate'],
  QUIET: ['advance', 'suspend', 'terminate'],
  READY: ['opt_in', 'advance', 'suspend', 'interrupt', 'terminate'],
  TIMED: ['place_bid', 'advance', 'suspend', 'interrupt', 'terminate'],
  CLOSING: ['open_reserve', 'close_sale', 'suspend', 'terminate'],
  SOLD: ['open_roll', 'confirm_result', 'seal_log'],
  FAILED: ['open_roll', 'confirm_result', 'seal_log'],
}
const ALLOWED_WHEN_SUSPENDED: readonly Kind[] = ['resume', 'suspend', 'terminate']

/** Why the table forbids this kind of command, or null. A bid is answered in every stage. */
export function refusalByTable(stage: Stage, control: Control, kind: Kind): string | null {
  if (kind === 'place_bid') return null
  if (kind === 'publish_lot') return 'ALREADY_PUBLISHED'
  const final = stage === 'SOLD' || stage === 'FAILED'
  const suspended = control === 'SUSPENDED' && !final
  const row = suspended ? ALLOWED_WHEN_SUSPENDED : ALLOWED[stage]
  if (row.includes(kind)) return null
  if (suspended) return 'SUSPENDED'
  if (final) return control === 'TERMINATED' ? 'TERMINATED' : 'WRONG_STAGE'
  if (kind === 'resume') return 'NOT_SUSPENDED'
  return kind === 'supplement_lot' ? 'BIDDING_HAS_OPENED' : 'WRONG_STAGE'
}
