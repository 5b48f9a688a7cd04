import { describe, expect, it } from 'vitest'
import {
  Channel, DEAD_MS, SILENCE_MS, type Recovery, type Socket,
} from '../src/live/channel'
import { ServerClock } from '../src/live/clock'
import type { AcceptedQuote, Problem, Receipt } from '../src/api/wire'

const SERVER = 1_700_000_000_000

/** Time that moves only when told, with its timers. */
class Hand {
  at = 0
  private timers: { due: number; run: () => void }[] = []
  later = (run: () => void, ms: number) => {
    const timer = { due: this.at + ms, run }
    this.timers.push(timer)
    return () => {
      this.timers = this.timers.filter((each) => each !== timer)
    }
  }
  pass(ms: number): void {
    const until = this.at + ms
    for (;;) {
      const due = this.timers.filter((timer) => timer.due <= until).sort((a, b) => a.due - b.due)[0]
      if (!due) break
      this.at = Math.max(this.at, due.due)
      this.timers = this.timers.filter((timer) => timer !== due)
      due.run()
    }
    this.at = until
  }
  get waiting(): number {
    return this.timers.length
  }
}

class Line implements Socket {
  readyState = 0
  sent: { type: string; [name: string]: unknown }[] = []
  onopen: Socket['onopen'] = null
  onmessage: Socket['onmessage'] = null
  onclose: Socket['onclose'] = null
  send(text: string): void {
    this.sent.push(JSON.parse(text))
  }
  close(): void {
    this.readyState = 3
  }
  open(): void {
    this.readyState = 1
    this.onopen?.(undefined as never)
  }
  say(frame: object): void {
    this.onmessage?.({ data: JSON.stringify(frame) })
  }
  cut(code = 1006): void {
    this.readyState = 3
    this.onclose?.({ code })
  }
  asked(type: string) {
    return this.sent.filter((frame) => frame.type === type)
  }
}

function quote(seq: number): AcceptedQuote {
  return { seq, at: SERVER + seq, bidder_no: 'M4T8', amount_fen: seq * 100, closes_at: SERVER + 300_000, stage: 'TIMED' }
}

function lot(accepted: number) {
  return {
    stage: 'TIMED', control: 'NORMAL', minimum_bid_fen: 1, increment_fen: 1, extensions: 0, accepted, disputed: false,
    sealed: false,
  }
}

const rules = { method: 'LISTING' }
const snapshot = (seq: number, quotes: AcceptedQuote[]) => ({
  type: 'snapshot', seq, at: SERVER, lot_id: 'lot', log: 'site/lot/lot', lot: lot(quotes.length), rules, recent: quotes,
})
const update = (seq: number, fresh: AcceptedQuote[], gap?: boolean) => ({
  type: 'update', seq, at: SERVER, lot: lot(seq), new: fresh, ...(gap ? { gap } : {}),
})
const heartbeat = (seq: number) => ({ type: 'heartbeat', server_time_ms: SERVER, seq })

class Page {
  hand = new Hand()
  clock = new ServerClock(() => this.hand.at)
  lines: Line[] = []
  receipts: Receipt[] = []
  problems: Problem[] = []
  recoveries: Recovery[] = []
  channel = new Channel('lot', this.clock, {
    connect: () => {
      const line = new Line()
      this.lines.push(line)
      return line
    },
    monotonic: () => this.hand.at,
    later: this.hand.later,
    random: () => 0.5,
  }, {
    changed: () => undefined,
    receipt: (frame) => this.receipts.push(frame),
    optedIn: () => undefined,
    problem: (frame) => this.problems.push(frame),
    recovered: (recovery) => this.recoveries.push(recovery),
  })
  get line(): Line {
    return this.lines[this.lines.length - 1] as Line
  }
  join(seq = 5, quotes: AcceptedQuote[] = [quote(3), quote(5)]): this {
    if (this.lines.length === 0) this.channel.start()
    this.line.open()
    this.line.say({ type: 'welcome', server_time_ms: SERVER + this.hand.at, role: 'bidder', bidder_no: 'K7Q3' })
    this.line.say(snapshot(seq, quotes))
    return this
  }
  get seqs(): number[] {
    return this.channel.heard.quotes.map((each) => each.seq)
  }
}

describe('joining', () => {
  it('is live only with a snapshot', () => {
    const page = new Page()
    page.channel.start()
    page.line.open()
    expect(page.channel.link).toBe('connecting')
    page.join()
    expect(page.channel.link).toBe('live')
    expect(page.channel.heard).toMatchObject({ seq: 5, role: 'bidder', bidderNo: 'K7Q3', log: 'site/lot/lot' })
  })
  it('measures the clock several times at once', () => {
    const page = new Page().join()
    page.hand.pass(500)
    expect(page.line.asked('ping').length).toBeGreaterThanOrEqual(4)
    const [ping] = page.line.asked('ping')
    page.line.say({ type: 'pong', t0: ping?.['t0'], t1: SERVER + 10, t2: SERVER + 10 })
    expect(page.clock.sample?.roundTrip).toBe(500)
  })
  it('ignores types and bytes it does not know', () => {
    const page = new Page().join()
    page.line.say({ type: 'weather', seq: 99 })
    page.line.onmessage?.({ data: 'not json' })
    expect(page.channel.heard.seq).toBe(5)
  })
})

describe('order', () => {
  it('counts a row once, however often it is heard', () => {
    const page = new Page().join()
    page.line.say(update(6, [quote(6)]))
    page.line.say(update(6, [quote(6)]))
    page.line.say(update(7, [quote(6), quote(7)]))
    expect(page.seqs).toEqual([3, 5, 6, 7])
  })
  it('does not go back to an older state', () => {
    const page = new Page().join()
    page.line.say(update(9, [quote(9)]))
    page.line.say(update(8, [quote(8)]))
    expect(page.channel.heard).toMatchObject({ seq: 9, lot: { accepted: 9 } })
    expect(page.seqs).toEqual([3, 5, 8, 9])
  })
  it('asks for the rows of a gap', () => {
    const page = new Page().join()
    page.line.say(update(40, [quote(40)], true))
    expect(page.line.asked('resync')).toEqual([{ type: 'resync', after_seq: 5 }])
    page.line.say(update(40, [quote(20), quote(40)]))
    expect(page.seqs).toEqual([3, 5, 20, 40])
  })
  it('notices by a heartbeat that it missed a frame', () => {
    const page = new Page().join()
    page.line.say(heartbeat(6))
    expect(page.line.asked('resync')).toEqual([{ type: 'resync', after_seq: 5 }])
    page.line.say(heartbeat(5))
    expect(page.line.asked('resync')).toHaveLength(1)
  })
  it('says so when the log comes back shorter', () => {
    const page = new Page().join(9, [quote(9)])
    page.line.cut()
    page.hand.pass(1_000)
    page.join(7, [])
    expect(page.channel.heard.shrunk).toBe(true)
  })
})

describe('silence', () => {
  it('is unknown after 4 s', () => {
    const page = new Page().join()
    page.hand.pass(SILENCE_MS - 1)
    expect(page.channel.link).toBe('live')
    page.hand.pass(1)
    expect(page.channel.link).toBe('unknown')
  })
  it('is ended by any word in time', () => {
    const page = new Page().join()
    page.hand.pass(SILENCE_MS - 1)
    page.line.say(heartbeat(5))
    page.hand.pass(SILENCE_MS - 1)
    expect(page.channel.link).toBe('live')
  })
  it('gives the socket up and opens another', () => {
    const page = new Page().join()
    page.hand.pass(DEAD_MS + 500)
    expect(page.lines).toHaveLength(2)
    expect(page.lines[0]?.readyState).toBe(3)
    expect(page.channel.canSend).toBe(false)
  })
  it('of five minutes stays unknown the whole time, and backs off', () => {
    const page = new Page().join()
    page.hand.pass(300_000)
    expect(page.channel.link).toBe('unknown')
    expect(page.lines.length).toBeGreaterThan(15)
    expect(page.lines.length).toBeLessThan(60)
  })
  it('when there was no line at all is unknown too', () => {
    const page = new Page()
    page.channel.start()
    page.hand.pass(SILENCE_MS)
    expect(page.channel.link).toBe('unknown')
  })
})

describe('coming back', () => {
  it('tells how long it was away and what it missed', () => {
    const page = new Page().join()
    page.hand.pass(1_000)
    page.line.cut()
    expect(page.channel.link).toBe('unknown')
    page.hand.pass(375)
    expect(page.lines).toHaveLength(2)
    page.join(7, [quote(3), quote(5), quote(6), quote(7)])
    expect(page.channel.link).toBe('live')
    expect(page.recoveries).toEqual([{ awayMs: 1_375, quotes: 2 }])
    expect(page.seqs).toEqual([3, 5, 6, 7])
  })
  it('waits longer each time, never more than eight seconds', () => {
    const page = new Page().join()
    const waits: number[] = []
    for (let round = 0; round < 7; round++) {
      const [count, since] = [page.lines.length, page.hand.at]
      page.line.cut()
      while (page.lines.length === count) page.hand.pass(25)
      waits.push(page.hand.at - since)
    }
    expect(waits).toEqual([375, 750, 1_500, 3_000, 6_000, 6_000, 6_000])
  })
  it('does not come back when a newer session took its place', () => {
    const page = new Page().join()
    page.line.cut(4010)
    expect(page.channel.link).toBe('replaced')
    page.hand.pass(60_000)
    expect(page.lines).toHaveLength(1)
    page.channel.start()
    expect(page.lines).toHaveLength(2)
  })
  it('does not come back when it is not allowed', () => {
    const page = new Page().join()
    page.line.cut(4001)
    page.hand.pass(60_000)
    expect([page.channel.link, page.lines.length]).toEqual(['refused', 1])
  })
  it('reconnects at once when the machine wakes', () => {
    const page = new Page().join()
    page.line.cut()
    page.channel.wake()
    page.hand.pass(0)
    expect(page.lines).toHaveLength(2)
  })
})

describe('bids', () => {
  it('leave only on an open line', () => {
    const page = new Page()
    const bid = { bid_id: 'b', amount_fen: 1, seen_seq: 0, jump_confirmed: false }
    expect(page.channel.placeBid(bid, 'k', 's')).toBe(false)
    page.join()
    expect(page.channel.placeBid(bid, 'k', 's')).toBe(true)
    expect(page.line.asked('place_bid')).toEqual([{ type: 'place_bid', ...bid, key_id: 'k', signature: 's' }])
  })
  it('bring their receipts, once in the list', () => {
    const page = new Page().join()
    const receipt = { type: 'receipt', bid_id: 'b', outcome: 'accepted', amount_fen: 1, seq: 6, at: 1, received_at: 1, minimum_bid_fen: 2, proof: '' }
    page.line.say(receipt)
    page.line.say(receipt)
    expect(page.receipts).toHaveLength(2)
    expect(page.channel.heard.yours.map((each) => each.seq)).toEqual([6])
  })
})

it('leaves no timer behind', () => {
  const page = new Page().join()
  page.channel.stop()
  expect(page.hand.waiting).toBe(0)
})
