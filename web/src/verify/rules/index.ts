/** The rules of a sale, written a second time, from docs/rules.md and the log's specification. */
export { apply } from './apply'
export { decide, start } from './decide'
export type { Command, Decision, Event, LotEntry, LotState } from './types'
