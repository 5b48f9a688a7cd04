/** A short sale as its log tells it, for the tests of the replay. */
import type { LotEntry } from '../src/api/wire'

export const WAN = 1_000_000
export const T0 = 1_763_798_400_000

const rules = {
  template: 'demo', method: 'LISTING', price_unit: 'TOTAL', increment_unit: 'TOTAL', starting_price_fen: 2750 * WAN,
  increment_fen: 20 * WAN, increment_live_fen: 10 * WAN, grid: 'MULTIPLE', price_quantum_fen: 100,
  confirm_jump_steps: 10, self_outbid: 'REFUSE', countdown_s: 20, extension: 'RESET', entry_rule: 'ALL_QUALIFIED',
  drain_ms: 500, warnings_s: [15, 10, 5],
}
const parcel = {
  parcel_no: '2026-07', title: '沧经开-2026-07', land_use: '工业用地', land_use_class: 'INDUSTRIAL', term_years: 50,
  area_centi_m2: 3_033_350, attempt_no: 1, facts: {},
}
const timetable = {
  announced_at: T0, registration_from: T0, registration_to: T0 + 20_000, deposit_deadline: T0 + 20_000,
  listing_from: T0 + 10_000, listing_to: T0 + 30_000,
}

type Row = [at: number, command: object, ...events: object[]]

const bid = (no: string, wan: number) => ({ type: 'place_bid', bidder_no: no, amount_fen: wan * WAN })
const accepted = (no: string, wan: number, closes: number) => ({
  type: 'bid_accepted', bidder_no: no, amount_fen: wan * WAN, minimum_next_fen: 0, closes_at: T0 + closes,
})
const stage = (from: string, to: string, closes?: number) => ({
  type: 'stage_changed', from, to, ...(closes === undefined ? {} : { closes_at: T0 + closes }),
})

const rows: Row[] = [
  [0, { type: 'publish_lot', lot: parcel, rules, timetable }, { type: 'lot_published' }],
  [10_000, { type: 'advance' }, stage('ANNOUNCED', 'LISTING', 30_000)],
  [12_000, bid('M4T8', 2750), accepted('M4T8', 2750, 30_000)],
  [30_500, { type: 'advance' }, stage('LISTING', 'TIMED', 50_500)],
  [35_000, bid('K7Q3', 2760), accepted('K7Q3', 2760, 55_000)],
  [36_000, bid('M4T8', 2760), { type: 'bid_refused', bidder_no: 'M4T8', amount_fen: 2760 * WAN, reason: 'BELOW_MINIMUM', minimum_fen: 0 }],
  [40_000, { type: 'interrupt', cause: 'OUTAGE', from: T0 + 36_500, to: T0 + 40_000 }, { type: 'interrupted', from: T0 + 36_500, to: T0 + 40_000, resumes_at: T0 + 45_000 }],
  [45_000, { type: 'resume' }, { type: 'resumed', closes_at: T0 + 65_000 }],
  [65_500, { type: 'advance' }, stage('TIMED', 'CLOSING')],
  [65_600, { type: 'open_reserve' }, { type: 'reserve_opened', amount_fen: 2700 * WAN, salt: '00', met: true }],
  [65_700, { type: 'close_sale' }, stage('CLOSING', 'SOLD'), { type: 'hammer_fell', bidder_no: 'K7Q3', amount_fen: 2760 * WAN }, { type: 'lot_sold', total_fen: 2760 * WAN }],
  [66_000, { type: 'open_roll' }, { type: 'roll_opened', bidders: 3 }],
  [67_000, { type: 'confirm_result' }, { type: 'result_confirmed' }],
  [68_000, { type: 'seal_log' }, { type: 'log_sealed' }],
]

export const sale = rows.map(([at, command, ...events], seq) => ({
  at: T0 + at, command, events, log: 'demo/lot/sale', seq, v: 1,
})) as unknown as LotEntry[]
