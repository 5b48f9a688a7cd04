import { describe, expect, it } from 'vitest'
import {
  ANSWER_LATE_MS, ASK_AGAIN_MS, NOWHERE, REPRICED_MS, START, inFlight, isBigJump, next, objection, obstacle, phase,
  type Effect, type Event, type Phase, type ReceiptView, type State, type World,
} from '../src/live/machine'

const WAN = 1_000_000
const CLOSES = 10_000_000

const rules = {
  price_unit: 'TOTAL', starting_price_fen: 2750 * WAN, grid: 'MULTIPLE', price_quantum_fen: 100,
  max_jump_steps: null, confirm_jump_steps: 10, price_cap_fen: null, self_outbid: 'REFUSE', entry_rule: 'ALL_QUALIFIED',
}

function world(price: number | null = 2860, leader: string | null = 'M4T8', changes: Partial<World> = {}): World {
  const price_fen = price === null ? null : price * WAN
  const lot = {
    stage: 'TIMED', control: 'NORMAL', price_fen, leader_no: leader, increment_fen: 20 * WAN, closes_at: CLOSES,
    minimum_bid_fen: price_fen === null ? 2750 * WAN : price_fen + 20 * WAN,
  }
  return { link: 'live', role: 'bidder', bidderNo: 'K7Q3', keyReady: true, seq: 17, lot, rules, ...changes }
}

function receipt(changes: Partial<ReceiptView> = {}): ReceiptView {
  return {
    bid_id: 'b1', outcome: 'accepted', amount_fen: 2880 * WAN, seq: 18, at: 9_000, received_at: 8_990,
    closes_at: CLOSES, minimum_bid_fen: 2900 * WAN, ...changes,
  }
}

/** A bid box and what it asked for. */
class Box {
  state: State = START
  effects: Effect[] = []
  now = 0
  serverNow = CLOSES - 60_000
  private made = 0

  constructor(start: World = world()) {
    this.give({ type: 'world', world: start, now: 0 })
  }
  give(event: Event): this {
    const [state, effects] = next(this.state, event)
    this.state = state
    this.effects.push(...effects)
    return this
  }
  hear(heard: World): this {
    return this.give({ type: 'world', world: heard, now: this.now })
  }
  steps(steps: number): this {
    return this.give({ type: 'choose', choice: { kind: 'steps', steps }, now: this.now })
  }
  free(text: string): this {
    return this.give({ type: 'choose', choice: { kind: 'free', text }, now: this.now })
  }
  press(): this {
    return this.give({ type: 'press', now: this.now, serverNow: this.serverNow, bidId: `b${++this.made}` })
  }
  after(ms: number): this {
    this.now += ms
    return this.give({ type: 'tick', now: this.now })
  }
  sent(): this {
    this.press().press()
    expect(this.phase).toBe('sending')
    return this
  }
  get phase(): Phase {
    return phase(this.state, this.now, this.serverNow)
  }
  get sends() {
    return this.effects.filter((effect) => effect.do === 'send')
  }
  get asks() {
    return this.effects.filter((effect) => effect.do === 'ask')
  }
}

describe('the two presses', () => {
  it('asks before it sends, on the same button', () => {
    const box = new Box()
    expect(box.phase).toBe('armed')
    box.press()
    expect(box.phase).toBe('confirming')
    expect(box.sends).toEqual([])
    box.press()
    expect(box.phase).toBe('sending')
    expect(box.sends).toEqual([
      { do: 'send', bid: { bid_id: 'b2', amount_fen: 2880 * WAN, seen_seq: 17, jump_confirmed: false } },
    ])
  })
  it('sends the amount that was confirmed: +5 steps', () => {
    const box = new Box().steps(5).press().press()
    expect(inFlight(box.state)?.amount_fen).toBe(2960 * WAN)
  })
  it('starts at the starting price when nobody has quoted', () => {
    const box = new Box(world(null, null)).press().press()
    expect(inFlight(box.state)?.amount_fen).toBe(2750 * WAN)
  })
  it('goes back on Esc', () => {
    const box = new Box().press().give({ type: 'cancel' })
    expect(box.phase).toBe('armed')
  })
  it('sends nothing more while one bid is under way', () => {
    const box = new Box().sent().press().press().steps(5).press()
    expect(box.sends).toHaveLength(1)
  })
})

describe('a changed price', () => {
  it('takes the button away for 600 ms and cancels the confirmation', () => {
    const box = new Box().steps(2).press()
    box.hear(world(2880, 'R2W9'))
    expect(box.phase).toBe('repriced')
    box.press()
    expect(box.sends).toEqual([])
    box.after(REPRICED_MS - 1)
    expect(box.phase).toBe('repriced')
    box.after(1)
    expect(box.phase).toBe('armed')
    expect(box.state.choice).toEqual({ kind: 'steps', steps: 1 })
  })
  it('takes no choice under the moving finger', () => {
    const box = new Box().hear(world(2880, 'R2W9')).steps(5)
    expect(box.state.choice).toEqual({ kind: 'steps', steps: 1 })
  })
  it('keeps a typed amount that is still a bid, and drops one that is not', () => {
    expect(new Box().free('3000').hear(world(2880, 'R2W9')).state.choice).toEqual({ kind: 'free', text: '3000' })
    expect(new Box().free('2880').hear(world(2880, 'R2W9')).state.choice.kind).toBe('steps')
  })
  it('does not stop a bidder whose own bid changed it', () => {
    const box = new Box().sent().give({ type: 'receipt', receipt: receipt({ bid_id: 'b2' }), now: 1 })
    box.hear(world(2880, 'K7Q3'))
    expect(box.phase).toBe('leading')
  })
  it('does not touch a bid under way', () => {
    const box = new Box().sent().hear(world(2880, 'R2W9'))
    expect(box.phase).toBe('sending')
  })
  it('tells who led that they were outbid', () => {
    const box = new Box(world(2860, 'K7Q3'))
    expect(box.phase).toBe('leading')
    box.hear(world(2880, 'R2W9'))
    expect(box.effects).toContainEqual({ do: 'outbid', priceFen: 2880 * WAN })
  })
})

describe('a free amount', () => {
  it.each([
    ['2,880', 'armed'], ['2860', 'invalid'], ['2885', 'invalid'], ['', 'invalid'], ['abc', 'invalid'],
  ] as const)('%s is %s', (text, expected) => expect(new Box().free(text).phase).toBe(expected))
  it('names the objection as the rules will', () => {
    expect(objection(2860 * WAN, world())).toBe('BELOW_MINIMUM')
    expect(objection(2740 * WAN, world(null, null))).toBe('BELOW_START')
    expect(objection(2885 * WAN, world())).toBe('OFF_GRID')
    const capped = world(2860, null, { rules: { ...rules, max_jump_steps: 5, price_cap_fen: 2900 * WAN } })
    expect(objection(2980 * WAN, capped)).toBe('JUMP_TOO_LARGE')
    expect(objection(2920 * WAN, capped)).toBe('ABOVE_CAP')
    expect(objection(2900 * WAN, capped)).toBeNull()
    const free = world(2860, null, { rules: { ...rules, grid: 'MIN_ONLY', price_quantum_fen: 100_000 } })
    expect(objection(2880 * WAN + 100_000, free)).toBeNull()
    expect(objection(2880 * WAN + 50_000, free)).toBe('OFF_GRID')
  })
})

describe('a big jump', () => {
  it('is retyped: ten times the price does not pass on two presses', () => {
    const box = new Box().free('28800').press().press().press()
    expect(box.phase).toBe('retyping')
    expect(box.sends).toEqual([])
    box.give({ type: 'type_again', text: '2880' }).press()
    expect(box.sends).toEqual([])
    box.give({ type: 'type_again', text: '28,800' }).press()
    expect(inFlight(box.state)).toMatchObject({ amount_fen: 28_800 * WAN, jump_confirmed: true })
  })
  it('begins above the sale’s steps or above 5 %, never at the lowest bid', () => {
    expect(isBigJump(3000 * WAN, world())).toBe(false)
    expect(isBigJump(3020 * WAN, world())).toBe(true)
    expect(isBigJump(3060 * WAN, world(2860, null, { rules: { ...rules, confirm_jump_steps: 20 } }))).toBe(true)
    const coarse = world()
    const lot = { ...coarse.lot!, increment_fen: 200 * WAN, minimum_bid_fen: 3060 * WAN }
    expect(isBigJump(3060 * WAN, { ...coarse, lot })).toBe(false)
  })
})

describe('the answer', () => {
  it('accepted: shows the receipt and waits for the price', () => {
    const box = new Box().sent().give({ type: 'receipt', receipt: receipt({ bid_id: 'b2' }), now: 1 })
    expect(box.state.answer).toMatchObject({ kind: 'accepted', seq: 18 })
    expect(box.phase).toBe('leading')
    expect(box.hear(world(2900, 'R2W9', { seq: 19 })).after(REPRICED_MS).phase).toBe('armed')
    expect(box.effects).toContainEqual({ do: 'finished', bidId: 'b2' })
  })
  it('refused: keeps both times and is armed again with the fresh price', () => {
    const late = receipt({ bid_id: 'b2', outcome: 'refused', reason: 'CLOSED', received_at: 20, closes_at: 18 })
    const box = new Box().sent().give({ type: 'receipt', receipt: late, now: 1 })
    expect(box.state.answer).toMatchObject({ kind: 'refused', reason: 'CLOSED', receivedAt: 20, closesAt: 18 })
    expect(box.phase).toBe('armed')
  })
  it('of another bid changes nothing here', () => {
    const box = new Box().sent().give({ type: 'receipt', receipt: receipt({ bid_id: 'other' }), now: 1 })
    expect(box.phase).toBe('sending')
  })
  it('a problem ends it by name', () => {
    const box = new Box().sent().give({ type: 'problem', code: 'bad_signature', bidId: 'b2', now: 1 })
    expect(box.state.answer).toMatchObject({ kind: 'problem', code: 'bad_signature' })
    expect(box.phase).toBe('armed')
  })
  it('could not even be signed: nothing has left, and the box says so', () => {
    const box = new Box().sent().give({ type: 'not_sent', code: 'no_key', bidId: 'b2' })
    expect(box.state.answer).toMatchObject({ kind: 'problem', code: 'no_key' })
    expect(box.phase).toBe('armed')
  })
})

describe('no answer', () => {
  it('after 3 s asks by number and never sends again', () => {
    const box = new Box().sent().after(ANSWER_LATE_MS - 1)
    expect(box.phase).toBe('sending')
    box.after(1)
    expect(box.phase).toBe('unknown')
    expect(box.asks).toHaveLength(1)
    for (let round = 0; round < 300; round++) box.press().after(ASK_AGAIN_MS)
    expect(box.sends).toHaveLength(1)
    expect(box.asks).toHaveLength(301)
  })
  it('a cut line makes it unknown at once', () => {
    const box = new Box().sent().hear(world(2860, 'M4T8', { link: 'unknown' }))
    expect(box.phase).toBe('unknown')
  })
  it('is resolved by the receipt', () => {
    const box = new Box().sent().after(ANSWER_LATE_MS).give({ type: 'receipt', receipt: receipt({ bid_id: 'b2' }), now: 1 })
    expect(box.state.answer?.kind).toBe('accepted')
  })
  it.each(['not_yet_confirmed', 'unavailable', 'busy', 'rate_limited'])('stays unknown on %s', (code) => {
    const box = new Box().sent().after(ANSWER_LATE_MS).give({ type: 'problem', code, bidId: 'b2', now: 1 })
    expect(box.phase).toBe('unknown')
  })
  it('a bid the server never saw may be sent again, under the same number', () => {
    const box = new Box().sent().after(ANSWER_LATE_MS).give({ type: 'problem', code: 'unknown_bid', bidId: 'b2', now: 1 })
    expect(box.phase).toBe('not_received')
    box.press()
    expect(box.sends.map((effect) => effect.bid.bid_id)).toEqual(['b2', 'b2'])
    expect(box.sends[0]).toEqual(box.sends[1])
  })
  it('a bid the server never saw may be given up', () => {
    const box = new Box().sent().after(ANSWER_LATE_MS).give({ type: 'problem', code: 'unknown_bid', bidId: 'b2', now: 1 })
    box.give({ type: 'cancel' })
    expect(box.phase).toBe('armed')
    expect(box.effects).toContainEqual({ do: 'finished', bidId: 'b2' })
  })
  it('survives a reload: an unfinished bid is asked about', () => {
    const bid = { bid_id: 'old', amount_fen: 2880 * WAN, seen_seq: 3, jump_confirmed: false }
    const box = new Box().give({ type: 'found_unfinished', bid, now: 0 })
    expect(box.phase).toBe('unknown')
    expect(box.asks).toEqual([{ do: 'ask', bid }])
  })
  it('may end after the hammer too', () => {
    const over = world(2860, 'M4T8')
    const box = new Box().sent().hear({ ...over, lot: { ...over.lot!, stage: 'CLOSING' } })
    expect(box.phase).toBe('sending')
  })
})

describe('what stands in the way', () => {
  const lot = world().lot!
  const at = CLOSES - 1
  it.each<[string, World, string | null]>([
    ['nothing', world(), null],
    ['nothing known yet', NOWHERE, 'connecting'],
    ['silence', world(2860, 'M4T8', { link: 'unknown' }), 'offline'],
    ['silence while leading', world(2860, 'K7Q3', { link: 'unknown' }), 'offline'],
    ['a newer session', world(2860, 'M4T8', { link: 'replaced' }), 'replaced'],
    ['watching only', world(2860, 'M4T8', { role: 'observer', bidderNo: null }), 'observer'],
    ['no key here', world(2860, 'M4T8', { keyReady: false }), 'no_key'],
    ['leading', world(2860, 'K7Q3'), 'leading'],
    ['suspended', world(2860, 'M4T8', { lot: { ...lot, control: 'SUSPENDED' } }), 'paused'],
    ['not begun', world(null, null, { lot: { ...lot, stage: 'ANNOUNCED' } }), 'waiting'],
    ['the question', world(2860, 'M4T8', { lot: { ...lot, stage: 'READY' }, rules: { ...rules, entry_rule: 'OPT_IN' } }), 'question'],
    ['preparation', world(2860, 'M4T8', { lot: { ...lot, stage: 'READY' } }), 'preparing'],
    ['the quiet hour', world(2860, 'M4T8', { lot: { ...lot, stage: 'QUIET' } }), 'quiet'],
    ['being proved', world(2860, 'M4T8', { lot: { ...lot, stage: 'CLOSING' } }), 'closing'],
    ['sold', world(2860, 'K7Q3', { lot: { ...lot, stage: 'SOLD' } }), 'ended'],
    ['terminated', world(2860, 'M4T8', { lot: { ...lot, stage: 'FAILED', control: 'TERMINATED' } }), 'terminated'],
  ])('%s', (_name, heard, expected) => expect(obstacle(heard, at)).toBe(expected))
  it('the window is half open: at its end the channel is closed', () => {
    expect(obstacle(world(), CLOSES - 1)).toBeNull()
    expect(obstacle(world(), CLOSES)).toBe('closing')
  })
  it('a suspension takes the confirmation away', () => {
    const box = new Box().press().hear(world(2860, 'M4T8', { lot: { ...lot, control: 'SUSPENDED' } }))
    box.hear(world())
    expect(box.phase).toBe('armed')
  })
})
