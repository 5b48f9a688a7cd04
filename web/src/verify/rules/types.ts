/** The nouns of a sale, as they stand in the log (specification §4), and the state that the entries add up to. */
import type { LogCommand, LogEvent, LotEntry as WireEntry, ParcelFacts, RuleSet, Timetable } from '../../api/wire'

export type Command = LogCommand
export type Event = LogEvent
export type LotEntry = WireEntry
export type { ParcelFacts, RuleSet, Timetable }

export type CommandOf<Type extends Command['type']> = Extract<Command, { readonly type: Type }>

export type Stage = 'ANNOUNCED' | 'LISTING' | 'QUIET' | 'READY' | 'TIMED' | 'CLOSING' | 'SOLD' | 'FAILED'
export type Control = 'NORMAL' | 'SUSPENDED' | 'TERMINATED'

export interface Refused {
  readonly refused: string
}
export type Decision = { readonly events: readonly Event[] } | Refused

/** A span of time in which quotes arrive: from `from` on, before `to` (ms); price and leader as they stood at its end. */
export interface Window {
  readonly stage: 'LISTING' | 'TIMED'
  readonly from: number
  readonly to: number
  readonly price_fen: number | null
  readonly leader_no: string | null
}

/**
 * What a lot is after an entry. Instants in ms, amounts in fen.
 *
 * closes_at: the end of the stage's window; after the bidding, of the last stage that had one.
 * opened_at: since when arrivals count in this stage.
 * last_window: the bidding window that was left last; what arrived in it may still be decided.
 * live_limit: the end that `max_live_min` sets to extensions.
 * quoted: who has quoted, with the latest arrival of each one's quotes. entered: who opted in. Both are owned by the newest
 * state: `apply` writes into them.
 */
export interface LotState {
  readonly parcel: ParcelFacts
  readonly rules: RuleSet
  readonly timetable: Timetable
  readonly version: number
  readonly stage: Stage
  readonly control: Control
  readonly converted: boolean
  readonly opened_at: number | null
  readonly closes_at: number | null
  readonly last_window: Window | null
  readonly live_limit: number | null
  readonly price_fen: number | null
  readonly leader_no: string | null
  readonly cap_reached: boolean
  readonly quoted: Map<string, number>
  readonly entered: Set<string>
  readonly suspended_at: number | null
  readonly resumes_at: number | null
  readonly disputed: boolean
  readonly reserve_met: boolean | null
  readonly winner_no: string | null
  readonly failed_reason: string | null
  readonly roll_opened: boolean
  readonly confirmed: boolean
  readonly sealed: boolean
}
