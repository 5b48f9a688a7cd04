/** What a receipt's entry says about one bid, read from its exact bytes and from nothing else. */
import { Broken, hold } from '../verify/core/broken'
import { decode, isObject, type Json, type JsonObject } from '../verify/core/canonical'
import type { Vkey } from '../verify/core/notes'
import { verifyReceipt, type Verified } from '../verify/core/proof'

export interface Decision {
  readonly log: string
  readonly lotId: string
  readonly seq: number
  /** UTC ms, by the log. */
  readonly at: number
  readonly receivedAt: number
  readonly bidId: string
  readonly bidderNo: string
  readonly amountFen: number
  readonly outcome: 'accepted' | 'refused'
  readonly reason: string | null
  readonly closesAt: number | null
}

/**
 * The bid that this entry decides. `index`: where the proof says it stands. Throws Broken:
 * `not_utf8`, `not_json`, `not_canonical` and their like, `not_a_decision`, `other_log`, `other_place`.
 */
export function readDecision(entry: Uint8Array, index: number, origin: string): Decision {
  const value = decode(entry)
  hold(isObject(value) && value['v'] === 1, 'not_a_decision')
  hold(value['log'] === origin, 'other_log', String(value['log']))
  hold(value['seq'] === index, 'other_place', String(value['seq']))
  const command = value['command']
  hold(isObject(command) && command['type'] === 'place_bid', 'not_a_decision')
  const event = decided(value['events'])
  hold(event['bidder_no'] === command['bidder_no'] && event['amount_fen'] === command['amount_fen'], 'not_a_decision')
  const outcome = event['type'] === 'bid_accepted' ? 'accepted' : 'refused'
  return {
    log: origin,
    lotId: lotOf(origin),
    seq: index,
    at: number(value, 'at'),
    receivedAt: number(command, 'received_at'),
    bidId: text(command, 'bid_id'),
    bidderNo: text(command, 'bidder_no'),
    amountFen: number(command, 'amount_fen'),
    outcome,
    reason: outcome === 'refused' ? text(event, 'reason') : null,
    closesAt: event['closes_at'] === undefined ? null : number(event, 'closes_at'),
  }
}

function decided(events: Json | undefined): JsonObject {
  const found = Array.isArray(events) ? (events as readonly Json[]).filter(isObject) : []
  const answers = found.filter((each) => each['type'] === 'bid_accepted' || each['type'] === 'bid_refused')
  hold(answers.length === 1, 'not_a_decision')
  return answers[0] as JsonObject
}

/** `<site>/lot/<lot_id>`; Broken `other_log` for any other origin. */
export function lotOf(origin: string): string {
  const match = /\/lot\/([a-z0-9][a-z0-9-]{2,63})$/.exec(origin)
  hold(match !== null, 'other_log', origin)
  return match[1] as string
}

function number(object: JsonObject, name: string): number {
  const value = object[name]
  hold(typeof value === 'number' && value >= 0, 'not_a_decision', name)
  return value
}

function text(object: JsonObject, name: string): string {
  const value = object[name]
  hold(typeof value === 'string', 'not_a_decision', name)
  return value
}

// ── judged part by part, for a page to show ───────────────────────────────────────────────

export const PARTS = ['form', 'head', 'place', 'entry'] as const
export type PartName = (typeof PARTS)[number]

export interface Part {
  readonly name: PartName
  /** REACHED_NOT: an earlier part failed. */
  readonly state: 'HELD' | 'FAILED' | 'REACHED_NOT'
  readonly reason: string | null
}

export interface Judgement {
  readonly parts: readonly Part[]
  readonly holds: boolean
  /** Present when the place is proven, even when the entry decides no bid. */
  readonly proven: Verified | null
  readonly decision: Decision | null
}

/** Which part of the judgement each reason belongs to; what is not named here is about the entry. */
const PART_OF: Readonly<Record<string, PartName>> = {
  not_a_proof: 'form', no_entry: 'form', not_a_note: 'head', not_signed: 'head', signature_wrong: 'head',
  not_a_checkpoint: 'head', index_out_of_range: 'place', proof_too_short: 'place', proof_too_long: 'place',
  root_differs: 'place', not_a_hash: 'form',
}

/** The verdict on a receipt file under this key; never throws. `origin` absent: any lot of the site. */
export function judge(file: string, vkey: Vkey, origin?: string): Judgement {
  let proven: Verified | null = null
  try {
    proven = verifyReceipt(file, vkey, origin)
    const decision = readDecision(proven.entry, proven.index, proven.checkpoint.origin)
    return { parts: parts(null, null), holds: true, proven, decision }
  } catch (error) {
    const reason = error instanceof Broken ? error.reason : 'not_a_proof'
    const name = proven === null ? (PART_OF[reason] ?? 'head') : 'entry'
    return { parts: parts(name, reason), holds: false, proven, decision: null }
  }
}

function parts(failed: PartName | null, reason: string | null): Part[] {
  const at = failed === null ? PARTS.length : PARTS.indexOf(failed)
  return PARTS.map((name, place) => {
    if (place < at) return { name, state: 'HELD', reason: null }
    return place === at ? { name, state: 'FAILED', reason } : { name, state: 'REACHED_NOT', reason: null }
  })
}
