/**
 * What an entry may hold, field by field (bid-log §4, docs/decisions/0005): every field of the table
 * and no other. A field marked `?` may be left out; the format has no null.
 */
import { isObject, type Json, type JsonObject } from '../core/canonical'
import type { LotEntry } from '../../api/wire'

type Test = (value: Json) => boolean
type Fields = Readonly<Record<string, Test>>

const whole: Test = (value) => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
const flag: Test = (value) => typeof value === 'boolean'
const like = (pattern: RegExp): Test => (value) => typeof value === 'string' && pattern.test(value)
const text =
  (most: number): Test =>
  (value) =>
    typeof value === 'string' && value !== '' && (value.length <= most || [...value].length <= most)
const list =
  (each: Test): Test =>
  (value) =>
    Array.isArray(value) && value.every((item) => each(item as Json))
const table =
  (each: Test): Test =>
  (value) =>
    isObject(value) && Object.values(value).every(each)
const anyText: Test = (value) => typeof value === 'string'
const one: Test = (value) => value === 1
const none: Test = (value) => Array.isArray(value) && value.length === 0

const short = text(200)
const long = text(4000)
const name = like(/^[A-Z][A-Z0-9_]{1,39}$/)
const official = like(/^[a-z]+-[0-9a-f]{8}$/)
const lotId = like(/^[a-z0-9][a-z0-9-]{2,63}$/)
const bidId = like(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/)
const bidderNo = like(/^[A-Z0-9]{4}$/)
const keyId = like(/^[0-9a-f]{16}$/)
const hash = like(/^[0-9a-f]{64}$/)
const hexText = like(/^(?:[0-9a-f]{2}){1,512}$/)
const signature = like(/^[A-Za-z0-9+/]{86}==$/)

/** An object of exactly these fields; `name?` may be absent. */
function object(fields: Fields): Test {
  const tests = new Map(Object.entries(fields).map(([key, test]) => [key.replace('?', ''), test]))
  const needed = Object.keys(fields).filter((key) => !key.endsWith('?'))
  return (value) => {
    if (!isObject(value)) return false
    for (const key of Object.keys(value)) {
      const test = tests.get(key)
      if (test === undefined || !test(value[key] as Json)) return false
    }
    return needed.every((key) => key in value)
  }
}

/** One of several objects, told apart by its `type`. */
function variant(kinds: Readonly<Record<string, Fields>>): Test {
  const tests = new Map(Object.entries(kinds).map(([type, fields]) => [type, object({ ...fields, type: (value) => value === type })]))
  return (value) => isObject(value) && typeof value['type'] === 'string' && (tests.get(value['type'])?.(value) ?? false)
}

const parcel = object({
  parcel_no: short, title: short, land_use: short, land_use_class: name, term_years: whole, area_centi_m2: whole,
  'floor_area_centi_m2?': whole, attempt_no: whole, facts: table(anyText),
})
const rules = object({
  template: short, method: name, price_unit: name, starting_price_fen: whole, increment_fen: whole, increment_unit: name,
  'increment_live_fen?': whole, grid: name, price_quantum_fen: whole, 'max_jump_steps?': whole, confirm_jump_steps: whole,
  self_outbid: name, reserve: name, 'price_cap_fen?': whole, cap_mode: name, quiet_min: whole, ready_min: whole,
  live_trigger: name, entry_rule: name, free_min: whole, countdown_s: whole, extension: name, 'max_live_min?': whole,
  warnings_s: list(whole), min_bidders: whole, on_shortfall: name, qualification: name, joint_allowed: flag,
  natural_person_allowed: flag, drain_ms: whole, outage_gap_s: whole, outage_resume: name, outage_notice_s: whole,
  suspend_rule: object({ notice_s: whole, at_once_within_s: whole }), reserve_window_min: whole, deposit: table(whole),
  guarantee_allowed: flag, notice_days: whole, listing_days: whole, registration_gap_days: whole, deposit_percent: whole,
  day_count: name, refund_days: whole, publicity_days: whole, contract_days: whole, rounding: name, day_ms: whole,
  minute_ms: whole, waivers: table(anyText),
})
const timetable = object({
  announced_at: whole, registration_from: whole, registration_to: whole, deposit_deadline: whole, 'listing_from?': whole,
  'listing_to?': whole, 'auction_from?': whole,
})
const documents = list(object({ name: short, sha256: hash }))
const roll = list(object({ bidder_no: bidderNo, key_id: keyId, public_key: hexText, identity_commitment: hash, admission: whole }))
const officials = { requester: official, approver: official }

const command = variant({
  publish_lot: { lot: parcel, rules, rules_version: whole, suite: short, timetable, reserve_commitment: hash, documents, ...officials },
  supplement_lot: { text: long, price_relevant: flag, timetable, rules, documents, ...officials },
  advance: { leaving: name, proved_to: whole, 'enough?': flag, 'head_count_commitment?': hash },
  opt_in: { bidder_no: bidderNo, join: flag, admission: whole, received_at: whole },
  place_bid: {
    bid_id: bidId, bidder_no: bidderNo, amount_fen: whole, seen_seq: whole, jump_confirmed: flag, received_at: whole,
    'admission?': whole, key_id: keyId, signature,
  },
  suspend: { cause: name, text: long, emergency: flag, requester: official, 'approver?': official },
  resume: { announced_at: whole, 'timetable?': timetable, 'requester?': official, 'approver?': official },
  interrupt: { cause: name, from: whole, to: whole },
  terminate: { cause: name, text: long, ...officials },
  open_reserve: { has_reserve: flag, amount_fen: whole, salt: hash },
  close_sale: { any_admitted: flag },
  open_roll: { roll, head_counts: list(object({ salt: hash, count: whole })) },
  confirm_result: { outcome: name, 'ruling?': long, ...officials },
  seal_log: officials,
})

const event = variant({
  lot_published: {},
  lot_supplemented: { version: whole, postponed: flag },
  stage_changed: { from: name, to: name, 'closes_at?': whole },
  bidder_entered: { bidder_no: bidderNo, join: flag },
  bid_accepted: { bidder_no: bidderNo, amount_fen: whole, minimum_next_fen: whole, closes_at: whole },
  bid_refused: { bidder_no: bidderNo, amount_fen: whole, reason: name, minimum_fen: whole, 'closes_at?': whole },
  cap_reached: { amount_fen: whole, closes_at: whole },
  suspended: { cause: name },
  interrupted: { from: whole, to: whole, 'resumes_at?': whole },
  resumed: { 'closes_at?': whole, 'timetable?': timetable },
  reserve_opened: { amount_fen: whole, salt: hash, met: flag },
  hammer_fell: { bidder_no: bidderNo, amount_fen: whole },
  lot_sold: { total_fen: whole },
  lot_failed: { reason: name },
  lot_terminated: {},
  result_disputed: { bid_id: bidId },
  roll_opened: { bidders: whole },
  result_confirmed: {},
  log_sealed: {},
})

const lotEntry = object({ at: whole, command, events: list(event), log: short, seq: whole, v: one })

const houseCommand = variant({
  lot_born: { lot_id: lotId, leaf_hash: hash },
  record_admission: { lot_id: lotId, bidder_no: bidderNo, key_id: keyId, public_key: hexText, identity_commitment: hash },
  revoke_admission: { lot_id: lotId, bidder_no: bidderNo, reason: name },
  record_deposit: { lot_id: lotId, decision: name, deposit_commitment: hash },
  record_action: { action: name, subject: short, requester: official, 'approver?': official },
  record_look: { subject: short, field: short, reason: short, requester: official },
  record_key: { vkey: short, change: like(/^(?:INTRODUCED|RETIRED)$/), 'reason?': short },
  record_policy: { sha256: hash, 'reason?': short },
  lot_sealed: { lot_id: lotId, size: whole, root: hash },
})

const houseEntry = object({ at: whole, command: houseCommand, events: none, log: short, seq: whole, v: one })

export function isLotEntry(value: Json): value is Json & LotEntry {
  return lotEntry(value)
}

export interface HouseEntry {
  readonly at: number
  readonly log: string
  readonly seq: number
  readonly command: { readonly type: string } & JsonObject
}

export function isHouseEntry(value: Json): value is Json & JsonObject & HouseEntry {
  return houseEntry(value)
}
