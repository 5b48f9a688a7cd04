/**
 * The bid box as one explicit state machine: (state, event) → state and effects.
 *
 * It knows no socket, no timer and no screen. `World` is what the room last heard; instants named
 * `now` are the page's monotonic ms, those named `serverNow` are server ms. The promise it keeps:
 * a bid that was sent ends in a visible outcome, and is never sent twice under two numbers.
 */

import { parseSpoken } from './money'

export const REPRICED_MS = 600
export const ANSWER_LATE_MS = 3_000
export const ASK_AGAIN_MS = 1_000
/** A quote this much above the present price is retyped, whatever the sale's own limit. */
const BIG_JUMP_PERCENT = 5

// ── what the room knows ─────────────────────────────────────────────────────────────────────

export type Link = 'connecting' | 'live' | 'unknown' | 'offline' | 'replaced' | 'refused'

export interface LotView {
  readonly stage: string
  readonly control: string
  readonly price_fen?: number | null
  readonly leader_no?: string | null
  readonly minimum_bid_fen: number
  readonly increment_fen: number
  readonly closes_at?: number | null
}

export interface RulesView {
  readonly price_unit: string
  readonly starting_price_fen: number
  readonly grid: string
  readonly price_quantum_fen: number
  readonly max_jump_steps?: number | null
  readonly confirm_jump_steps?: number | null
  readonly price_cap_fen?: number | null
  readonly self_outbid: string
  readonly entry_rule: string
}

export interface World {
  readonly link: Link
  readonly role: 'observer' | 'bidder'
  readonly bidderNo: string | null
  readonly keyReady: boolean
  readonly seq: number
  readonly lot: LotView | null
  readonly rules: RulesView | null
}

export const NOWHERE: World = {
  link: 'connecting',
  role: 'observer',
  bidderNo: null,
  keyReady: false,
  seq: -1,
  lot: null,
  rules: null,
}

// ── what the bidder is doing ────────────────────────────────────────────────────────────────

export interface Bid {
  readonly bid_id: string
  readonly amount_fen: number
  readonly seen_seq: number
  readonly jump_confirmed: boolean
}

export type Choice =
  | { readonly kind: 'steps'; readonly steps: number }
  | { readonly kind: 'free'; readonly text: string }

export type Step =
  | { readonly at: 'choosing' }
  | { readonly at: 'confirming'; readonly amountFen: number }
  | { readonly at: 'retyping'; readonly amountFen: number; readonly typed: string }
  | { readonly at: 'sending'; readonly bid: Bid; readonly since: number }
  | { readonly at: 'unknown'; readonly bid: Bid; readonly since: number; readonly askedAt: number }
  | { readonly at: 'not_received'; readonly bid: Bid }

/** The last answer, shown until the next bid is sent. */
export type Answer =
  | {
      readonly kind: 'accepted' | 'refused'
      readonly amountFen: number
      readonly reason: string | null
      readonly seq: number
      readonly at: number
      readonly receivedAt: number
      readonly closesAt: number | null
      readonly minimumFen: number
      readonly bidId: string
    }
  | { readonly kind: 'problem'; readonly amountFen: number; readonly code: string; readonly bidId: string }

export interface State {
  readonly world: World
  readonly step: Step
  readonly choice: Choice
  readonly answer: Answer | null
  /** Until when (monotonic ms) the button only says that the price has changed. */
  readonly repricedUntil: number
}

export const START: State = {
  world: NOWHERE,
  step: { at: 'choosing' },
  choice: { kind: 'steps', steps: 1 },
  answer: null,
  repricedUntil: -Infinity,
}

export type Event =
  | { readonly type: 'world'; readonly world: World; readonly now: number }
  | { readonly type: 'choose'; readonly choice: Choice; readonly now: number }
  | { readonly type: 'press'; readonly now: number; readonly serverNow: number; readonly bidId: string }
  | { readonly type: 'type_again'; readonly text: string }
  | { readonly type: 'cancel' }
  | { readonly type: 'receipt'; readonly receipt: ReceiptView; readonly now: number }
  | { readonly type: 'problem'; readonly code: string; readonly bidId: string; readonly now: number }
  | { readonly type: 'not_sent'; readonly code: string; readonly bidId: string }
  | { readonly type: 'found_unfinished'; readonly bid: Bid; readonly now: number }
  | { readonly type: 'tick'; readonly now: number }

export interface ReceiptView {
  readonly bid_id: string
  readonly outcome: 'accepted' | 'refused'
  readonly reason?: string | null
  readonly amount_fen: number
  readonly seq: number
  readonly at: number
  readonly received_at: number
  readonly closes_at?: number | null
  readonly minimum_bid_fen: number
}

export type Effect =
  /** Remember the bid, sign it, send it. */
  | { readonly do: 'send'; readonly bid: Bid }
  /** Ask what became of it, by its number. */
  | { readonly do: 'ask'; readonly bid: Bid }
  | { readonly do: 'outbid'; readonly priceFen: number }
  /** The outcome is known (or given up): nothing is unfinished any more. */
  | { readonly do: 'finished'; readonly bidId: string }

export type Outcome = readonly [State, readonly Effect[]]

const CHOOSING: Step = { at: 'choosing' }
const ONE_STEP: Choice = { kind: 'steps', steps: 1 }

// ── the table: which event means what while … ───────────────────────────────────────────────

export function next(state: State, event: Event): Outcome {
  switch (event.type) {
    case 'world':
      return hearWorld(state, event.world, event.now)
    case 'choose':
      return choose(state, event.choice, event.now)
    case 'press':
      return press(state, event)
    case 'type_again':
      if (state.step.at !== 'retyping') return [state, []]
      return [{ ...state, step: { ...state.step, typed: event.text } }, []]
    case 'cancel':
      return cancel(state)
    case 'receipt':
      return hearReceipt(state, event.receipt)
    case 'problem':
      return hearProblem(state, event.code, event.bidId, event.now)
    case 'not_sent':
      return answerProblem(state, event.code, event.bidId)
    case 'found_unfinished':
      if (inFlight(state) !== null) return [state, []]
      return toUnknown(state, event.bid, event.now)
    case 'tick':
      return tick(state, event.now)
  }
}

/** The bid that has left and has no answer yet. */
export function inFlight(state: State): Bid | null {
  return 'bid' in state.step ? state.step.bid : null
}

// ── events ──────────────────────────────────────────────────────────────────────────────────

function hearWorld(state: State, world: World, now: number): Outcome {
  const before = state.world
  const heard: State = { ...state, world }
  const effects: Effect[] = []
  const own = world.bidderNo
  const led = own !== null && before.lot?.leader_no === own
  const price = world.lot?.price_fen ?? null
  if (led && price !== null && world.lot?.leader_no !== own) effects.push({ do: 'outbid', priceFen: price })
  if (state.step.at === 'sending' && world.link !== 'live') {
    const [unknown, more] = toUnknown(heard, state.step.bid, now)
    return [unknown, [...effects, ...more]]
  }
  if (inFlight(state) !== null) return [heard, effects]
  if (repriced(before, world)) {
    const until = world.lot?.leader_no === own ? state.repricedUntil : now + REPRICED_MS
    return [{ ...heard, step: CHOOSING, choice: kept(state.choice, world), repricedUntil: until }, effects]
  }
  const moved = before.lot?.stage !== world.lot?.stage || before.lot?.control !== world.lot?.control
  if (moved || world.link !== 'live') return [{ ...heard, step: CHOOSING }, effects]
  return [heard, effects]
}

function repriced(before: World, after: World): boolean {
  if (before.lot === null || after.lot === null) return false
  return before.lot.minimum_bid_fen !== after.lot.minimum_bid_fen
}

/** A typed amount survives a price change if it is still a valid bid; a step count does not. */
function kept(choice: Choice, world: World): Choice {
  if (choice.kind !== 'free' || world.rules === null) return ONE_STEP
  const fen = parseSpoken(choice.text, world.rules.price_unit)
  return fen !== null && objection(fen, world) === null ? choice : ONE_STEP
}

function choose(state: State, choice: Choice, now: number): Outcome {
  if (inFlight(state) !== null || now < state.repricedUntil) return [state, []]
  return [{ ...state, choice, step: CHOOSING }, []]
}

function cancel(state: State): Outcome {
  const { step } = state
  if (step.at === 'confirming' || step.at === 'retyping') return [{ ...state, step: CHOOSING }, []]
  if (step.at === 'not_received') {
    return [{ ...state, step: CHOOSING }, [{ do: 'finished', bidId: step.bid.bid_id }]]
  }
  return [state, []]
}

function press(state: State, event: { now: number; serverNow: number; bidId: string }): Outcome {
  const { step, world } = state
  if (step.at === 'sending' || step.at === 'unknown') return [state, []]
  if (world.link !== 'live') return [state, []]
  // The same number with the same content: if the first did arrive, the answer is the first's.
  if (step.at === 'not_received') return send(state, step.bid, event.now)
  if (obstacle(world, event.serverNow) !== null || event.now < state.repricedUntil || settling(state)) return [state, []]
  switch (step.at) {
    case 'choosing': {
      const amountFen = chosenFen(state)
      if (amountFen === null || objection(amountFen, world) !== null) return [state, []]
      const big = isBigJump(amountFen, world)
      return [{ ...state, step: big ? { at: 'retyping', amountFen, typed: '' } : { at: 'confirming', amountFen } }, []]
    }
    case 'retyping':
      if (!retyped(state)) return [state, []]
      return send(state, newBid(world, step.amountFen, event.bidId, true), event.now)
    case 'confirming':
      return send(state, newBid(world, step.amountFen, event.bidId, false), event.now)
  }
}

function newBid(world: World, amountFen: number, bidId: string, jump: boolean): Bid {
  return { bid_id: bidId, amount_fen: amountFen, seen_seq: Math.max(world.seq, 0), jump_confirmed: jump }
}

function send(state: State, bid: Bid, now: number): Outcome {
  return [{ ...state, answer: null, step: { at: 'sending', bid, since: now } }, [{ do: 'send', bid }]]
}

function hearReceipt(state: State, receipt: ReceiptView): Outcome {
  const finished: Effect = { do: 'finished', bidId: receipt.bid_id }
  if (inFlight(state)?.bid_id !== receipt.bid_id) return [state, [finished]]
  const answer: Answer = {
    kind: receipt.outcome,
    amountFen: receipt.amount_fen,
    reason: receipt.reason ?? null,
    seq: receipt.seq,
    at: receipt.at,
    receivedAt: receipt.received_at,
    closesAt: receipt.closes_at ?? null,
    minimumFen: receipt.minimum_bid_fen,
    bidId: receipt.bid_id,
  }
  return [{ ...state, step: CHOOSING, choice: ONE_STEP, answer }, [finished]]
}

/** These say only that there is no answer yet. */
const STILL_OPEN = new Set(['not_yet_confirmed', 'unavailable', 'busy', 'clock_unsure', 'internal'])

function hearProblem(state: State, code: string, bidId: string, now: number): Outcome {
  const bid = inFlight(state)
  if (bid?.bid_id !== bidId) return [state, []]
  if (code === 'unknown_bid') {
    return state.step.at === 'unknown' ? [{ ...state, step: { at: 'not_received', bid } }, []] : [state, []]
  }
  if (STILL_OPEN.has(code)) return state.step.at === 'sending' ? toUnknown(state, bid, now) : [state, []]
  // While an answer is being looked for, a limit on asking says nothing about the bid.
  if (code === 'rate_limited' && state.step.at === 'unknown') return [state, []]
  return answerProblem(state, code, bidId)
}

function answerProblem(state: State, code: string, bidId: string): Outcome {
  const bid = inFlight(state)
  if (bid?.bid_id !== bidId) return [state, []]
  const answer: Answer = { kind: 'problem', amountFen: bid.amount_fen, code, bidId }
  return [{ ...state, step: CHOOSING, answer }, [{ do: 'finished', bidId }]]
}

function toUnknown(state: State, bid: Bid, now: number): Outcome {
  return [{ ...state, step: { at: 'unknown', bid, since: now, askedAt: now } }, [{ do: 'ask', bid }]]
}

function tick(state: State, now: number): Outcome {
  const { step } = state
  if (step.at === 'sending' && now - step.since >= ANSWER_LATE_MS) return toUnknown(state, step.bid, now)
  if (step.at === 'unknown' && now - step.askedAt >= ASK_AGAIN_MS) {
    return [{ ...state, step: { ...step, askedAt: now } }, [{ do: 'ask', bid: step.bid }]]
  }
  return [state, []]
}

// ── what the amounts mean ───────────────────────────────────────────────────────────────────

/** What steps are counted from: the price, before the first quote the starting price. */
export function baseFen(world: World): number {
  return world.lot?.price_fen ?? world.rules?.starting_price_fen ?? 0
}

/** +1 is the lowest possible bid: before the first quote that is the starting price itself. */
export function stepsFen(world: World, steps: number): number | null {
  if (world.lot === null) return null
  return world.lot.minimum_bid_fen + (steps - 1) * world.lot.increment_fen
}

export function chosenFen(state: State): number | null {
  const { choice, world } = state
  if (world.rules === null) return null
  if (choice.kind === 'steps') return stepsFen(world, choice.steps)
  return parseSpoken(choice.text, world.rules.price_unit)
}

export type Objection = 'BELOW_START' | 'BELOW_MINIMUM' | 'OFF_GRID' | 'JUMP_TOO_LARGE' | 'ABOVE_CAP'

/** What the rules will say to this amount, told before it is sent; the server decides. */
export function objection(amountFen: number, world: World): Objection | null {
  const { lot, rules } = world
  if (lot === null || rules === null) return null
  const base = baseFen(world)
  if (amountFen < lot.minimum_bid_fen) return lot.price_fen == null ? 'BELOW_START' : 'BELOW_MINIMUM'
  const off = rules.grid === 'MIN_ONLY' ? amountFen % rules.price_quantum_fen : (amountFen - base) % lot.increment_fen
  if (off !== 0) return 'OFF_GRID'
  const most = rules.max_jump_steps
  if (most != null && amountFen - base > most * lot.increment_fen) return 'JUMP_TOO_LARGE'
  return rules.price_cap_fen != null && amountFen > rules.price_cap_fen ? 'ABOVE_CAP' : null
}

/** Whether the amount must be typed a second time: a typo once multiplied a price by ten. */
export function isBigJump(amountFen: number, world: World): boolean {
  const { lot, rules } = world
  if (lot === null || rules === null) return false
  const base = baseFen(world)
  const jump = amountFen - base
  const confirm = rules.confirm_jump_steps
  if (confirm != null && jump > confirm * lot.increment_fen) return true
  return amountFen > lot.minimum_bid_fen && BigInt(jump) * 100n > BigInt(base) * BigInt(BIG_JUMP_PERCENT)
}

export function retyped(state: State): boolean {
  const { step, world } = state
  if (step.at !== 'retyping' || world.rules === null) return false
  return parseSpoken(step.typed, world.rules.price_unit) === step.amountFen
}

// ── what stands in the way, and what the button says ────────────────────────────────────────

export type Obstacle =
  | 'connecting'
  | 'offline'
  | 'replaced'
  | 'observer'
  | 'no_key'
  | 'paused'
  | 'terminated'
  | 'waiting'
  | 'question'
  | 'preparing'
  | 'quiet'
  | 'closing'
  | 'ended'
  | 'leading'

const BIDDING = new Set(['LISTING', 'TIMED'])

/** The first thing that keeps this bidder from bidding now, or null. */
export function obstacle(world: World, serverNow: number): Obstacle | null {
  if (world.link === 'replaced' || world.link === 'refused') return 'replaced'
  if (world.lot === null || world.rules === null) return world.link === 'offline' ? 'offline' : 'connecting'
  const { lot, rules } = world
  if (lot.stage === 'SOLD' || lot.stage === 'FAILED') return lot.control === 'TERMINATED' ? 'terminated' : 'ended'
  if (world.link !== 'live') return 'offline'
  if (lot.control === 'SUSPENDED') return 'paused'
  if (lot.stage === 'CLOSING') return 'closing'
  if (BIDDING.has(lot.stage) && lot.closes_at != null && serverNow >= lot.closes_at) return 'closing'
  if (world.role === 'observer' || world.bidderNo === null) return 'observer'
  if (lot.stage === 'ANNOUNCED') return 'waiting'
  if (lot.stage === 'READY') return rules.entry_rule === 'OPT_IN' ? 'question' : 'preparing'
  if (lot.stage === 'QUIET') return 'quiet'
  if (!world.keyReady) return 'no_key'
  if (rules.self_outbid === 'REFUSE' && lot.leader_no === world.bidderNo) return 'leading'
  return null
}

/** The receipt of an accepted bid came before the price that it made. */
function settling({ answer, world }: State): boolean {
  return answer?.kind === 'accepted' && world.seq < answer.seq
}

export type Phase =
  | Obstacle
  | 'repriced'
  | 'armed'
  | 'invalid'
  | 'confirming'
  | 'retyping'
  | 'sending'
  | 'unknown'
  | 'not_received'

/** The one word that the bid box draws itself from. A bid under way is shown before all else. */
export function phase(state: State, now: number, serverNow: number): Phase {
  const { step } = state
  if (step.at === 'sending' || step.at === 'unknown' || step.at === 'not_received') return step.at
  const blocked = obstacle(state.world, serverNow)
  if (blocked !== null) return blocked
  if (settling(state)) return 'leading'
  if (now < state.repricedUntil) return 'repriced'
  if (step.at !== 'choosing') return step.at
  const amountFen = chosenFen(state)
  return amountFen === null || objection(amountFen, state.world) !== null ? 'invalid' : 'armed'
}
