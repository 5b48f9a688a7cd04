/** The rules of a sale, written a second time, from docs/rules.md and the log's specification; checks 8, 12 and 13. */
export { apply } from './apply'
export { decide, start } from './decide'
export { Decisions, type Span } from './decisions'
export { Health } from './health'
export { Result } from './result'
export type { Difference, Tally } from './tally'
export type { Command, Decision, Event, LotEntry, LotState } from './types'
