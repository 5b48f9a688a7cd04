/**
 * The socket of one room: joins, watches the silence, reconnects, and keeps what was heard whole.
 *
 * Frames are applied by `seq`: twice heard is once counted, a gap asks for its rows. Nothing here
 * draws or decides; the room is told what changed. All waits are on the page's monotonic clock.
 */

import type {
  AcceptedQuote, DecidedBid, LotFields, Notice, OptedIn, Problem, Receipt, RulesSummary, ServerFrame, Snapshot, Update,
  Welcome,
} from '../api/wire'
import type { ServerClock } from './clock'
import type { Bid, Link } from './machine'

export const SUBPROTOCOL = 'luochui.v1'
export const SILENCE_MS = 4_000
/** A silent socket is given up this long after its last frame. */
export const DEAD_MS = 6_000
export const JOIN_MS = 6_000
export const BACKOFF_MS = [500, 1_000, 2_000, 4_000, 8_000] as const
const PING_MS = 2_000
const FIRST_PINGS = 4
const QUICK_PING_MS = 150
const NOTICES_KEPT = 200

/** Everything heard about the lot. A new object for each change; parts that stay are shared. */
export interface Heard {
  readonly lotId: string
  readonly log: string
  readonly seq: number
  readonly at: number
  readonly lot: LotFields | null
  readonly rules: RulesSummary | null
  /** Accepted quotes in order of seq. */
  readonly quotes: readonly AcceptedQuote[]
  /** Own decided bids, when a bidder. */
  readonly yours: readonly DecidedBid[]
  readonly notices: readonly Notice[]
  readonly role: 'observer' | 'bidder'
  readonly bidderNo: string | null
  /** The logged answer to the question of the opt-in window. */
  readonly joined: boolean | null
  /** The log came back shorter than it was: a broken promise of the operator. */
  readonly shrunk: boolean
}

export function nothingHeard(lotId: string): Heard {
  return {
    lotId, log: '', seq: -1, at: 0, lot: null, rules: null, quotes: [], yours: [], notices: [],
    role: 'observer', bidderNo: null, joined: null, shrunk: false,
  }
}

// ── frames into what is known ───────────────────────────────────────────────────────────────

export function hearWelcome(heard: Heard, frame: Welcome): Heard {
  return { ...heard, role: frame.role, bidderNo: frame.bidder_no ?? null }
}

export function hearSnapshot(heard: Heard, frame: Snapshot): Heard {
  return {
    ...heard,
    lotId: frame.lot_id,
    log: frame.log,
    seq: frame.seq,
    at: frame.at,
    lot: frame.lot,
    rules: frame.rules,
    quotes: merged(heard.quotes, frame.recent),
    yours: frame.yours ? mergedBids(heard.yours, frame.yours) : heard.yours,
    shrunk: heard.shrunk || frame.seq < heard.seq,
  }
}

/** An update that is older than what is known may still bring rows that were asked for. */
export function hearUpdate(heard: Heard, frame: Update): Heard {
  const quotes = merged(heard.quotes, frame.new)
  if (frame.seq < heard.seq) return quotes === heard.quotes ? heard : { ...heard, quotes }
  return { ...heard, seq: frame.seq, at: frame.at, lot: frame.lot, quotes }
}

export function hearReceipt(heard: Heard, frame: Receipt): Heard {
  const own: DecidedBid = {
    bid_id: frame.bid_id, seq: frame.seq, at: frame.at, received_at: frame.received_at,
    amount_fen: frame.amount_fen, outcome: frame.outcome, reason: frame.reason ?? null,
  }
  return { ...heard, yours: mergedBids(heard.yours, [own]) }
}

export function hearNotice(heard: Heard, frame: Notice): Heard {
  const same = (each: Notice) => each.code === frame.code && each.at === frame.at
  if (heard.notices.some(same)) return heard
  return { ...heard, notices: [...heard.notices, frame].slice(-NOTICES_KEPT) }
}

function merged(known: readonly AcceptedQuote[], more: readonly AcceptedQuote[]): readonly AcceptedQuote[] {
  const last = known[known.length - 1]?.seq ?? -1
  const fresh = more.filter((quote) => quote.seq > last || !known.some((each) => each.seq === quote.seq))
  if (fresh.length === 0) return known
  return [...known, ...fresh].sort((a, b) => a.seq - b.seq)
}

function mergedBids(known: readonly DecidedBid[], more: readonly DecidedBid[]): readonly DecidedBid[] {
  const fresh = more.filter((bid) => !known.some((each) => each.seq === bid.seq))
  return fresh.length === 0 ? known : [...known, ...fresh].sort((a, b) => a.seq - b.seq)
}

// ── the line ────────────────────────────────────────────────────────────────────────────────

/** What of a WebSocket is used. */
export interface Socket {
  readonly readyState: number
  send(text: string): void
  close(code?: number, reason?: string): void
  onopen: ((event: never) => void) | null
  onmessage: ((event: { data: unknown }) => void) | null
  onclose: ((event: { code: number }) => void) | null
}

export interface Surroundings {
  connect(): Socket
  monotonic(): number
  /** Calls back once after so many ms; returns how to cancel. */
  later(callback: () => void, ms: number): () => void
  /** 0 ≤ x < 1, for the jitter. */
  random(): number
}

export interface Recovery {
  readonly awayMs: number
  readonly quotes: number
}

export interface Listener {
  /** Anything of `heard`, `link` or the line's figures has changed. */
  changed(): void
  receipt(frame: Receipt): void
  optedIn(frame: OptedIn): void
  problem(frame: Problem): void
  recovered(recovery: Recovery): void
}

const OPEN = 1
/** Close codes after which the same page must not come back by itself. */
const ENDING: Readonly<Record<number, Link>> = { 4010: 'replaced', 4001: 'refused' }

export class Channel {
  heard: Heard
  link: Link = 'connecting'
  /** When the last frame arrived (monotonic ms). */
  lastFrameAt: number
  private socket: Socket | null = null
  private tries = 0
  private joined = false
  private lostAt: number | null = null
  private acceptedWhenLost = 0
  private pings = new Map<number, number>()
  private pinged = 0
  private cancels = new Set<() => void>()
  private stopped = true

  constructor(
    lotId: string,
    private readonly clock: ServerClock,
    private readonly around: Surroundings,
    private readonly listener: Listener,
  ) {
    this.heard = nothingHeard(lotId)
    this.lastFrameAt = around.monotonic()
  }

  start(): void {
    this.stopped = false
    this.tries = 0
    this.link = this.lostAt === null ? 'connecting' : 'unknown'
    this.open()
  }

  stop(): void {
    this.stopped = true
    this.cancelAll()
    this.drop()
  }

  /** The page was asleep or the network came back: measure anew, and do not wait to reconnect. */
  wake(): void {
    if (this.stopped || this.link === 'replaced' || this.link === 'refused') return
    this.clock.forget()
    this.pinged = 0
    if (this.socket?.readyState === OPEN) {
      this.cancelAll()
      this.ping()
      this.watch()
    } else {
      this.reconnect(0)
    }
  }

  /** The machine knows that it has no network. */
  lose(): void {
    if (this.link === 'live') this.silent()
  }

  /** Rows that came another way, e.g. earlier quotes by REST. */
  learn(quotes: readonly AcceptedQuote[]): void {
    this.heard = { ...this.heard, quotes: merged(this.heard.quotes, quotes) }
    this.listener.changed()
  }

  get canSend(): boolean {
    return this.socket?.readyState === OPEN && this.link === 'live'
  }

  /** False when the line was not open: then nothing has left. */
  placeBid(bid: Bid, keyId: string, signature: string): boolean {
    return this.send({ type: 'place_bid', ...bid, key_id: keyId, signature })
  }

  askBid(bidId: string): boolean {
    return this.send({ type: 'bid_status', bid_id: bidId })
  }

  optIn(join: boolean): boolean {
    return this.send({ type: 'opt_in', join })
  }

  private send(frame: object): boolean {
    if (this.socket?.readyState !== OPEN) return false
    this.socket.send(JSON.stringify(frame))
    return true
  }

  private open(): void {
    this.cancelAll()
    this.drop()
    this.joined = false
    const socket = this.around.connect()
    this.socket = socket
    socket.onopen = () => this.measureQuickly()
    socket.onmessage = ({ data }) => this.socket === socket && this.hear(data)
    socket.onclose = ({ code }) => this.socket === socket && this.closed(code)
    this.later(() => !this.joined && this.closed(1006), JOIN_MS)
    if (this.lostAt === null) this.later(() => !this.joined && this.silent(), SILENCE_MS)
  }

  private drop(): void {
    const socket = this.socket
    this.socket = null
    this.pings.clear()
    if (socket === null) return
    socket.onopen = socket.onmessage = socket.onclose = null
    socket.close(1000)
  }

  private closed(code: number): void {
    const end = ENDING[code]
    this.drop()
    this.cancelAll()
    if (end !== undefined) {
      this.stopped = true
      this.link = end
      this.listener.changed()
      return
    }
    this.silent()
    if (this.stopped) return
    const step = code === 4009 ? BACKOFF_MS.length - 1 : Math.min(this.tries, BACKOFF_MS.length - 1)
    this.tries += 1
    this.reconnect((BACKOFF_MS[step] as number) * (0.5 + this.around.random() / 2))
  }

  private reconnect(ms: number): void {
    this.cancelAll()
    this.later(() => this.open(), ms)
  }

  /** No word for four seconds, or no line: whatever stands on the screen may be wrong. */
  private silent(): void {
    if (this.lostAt === null) {
      this.lostAt = this.joined || this.heard.lot !== null ? this.lastFrameAt : this.around.monotonic()
      this.acceptedWhenLost = this.heard.lot?.accepted ?? 0
    }
    if (this.link === 'unknown') return
    this.link = 'unknown'
    this.listener.changed()
  }

  private hear(data: unknown): void {
    const at = this.around.monotonic()
    const frame = parse(data)
    this.lastFrameAt = at
    this.watch()
    if (frame !== null) this.apply(frame, at)
    if (this.joined && this.link !== 'live') this.found(at)
    this.listener.changed()
  }

  private apply(frame: ServerFrame, at: number): void {
    switch (frame.type) {
      case 'welcome':
        this.clock.hear(frame.server_time_ms, at)
        this.heard = hearWelcome(this.heard, frame)
        return
      case 'snapshot':
        this.heard = hearSnapshot(this.heard, frame)
        this.joined = true
        this.tries = 0
        return
      case 'update':
        this.update(frame)
        return
      case 'receipt':
        this.heard = hearReceipt(this.heard, frame)
        this.listener.receipt(frame)
        return
      case 'opted_in':
        this.heard = { ...this.heard, joined: frame.join }
        this.listener.optedIn(frame)
        return
      case 'notice':
        this.heard = hearNotice(this.heard, frame)
        return
      case 'pong':
        this.pong(frame.t0, frame.t1, frame.t2, at)
        return
      case 'heartbeat':
        this.clock.hear(frame.server_time_ms, at)
        // The head is ahead of what was heard: a frame was missed.
        if (this.joined && frame.seq > this.heard.seq) this.resync()
        return
      case 'problem':
        this.listener.problem(frame)
    }
  }

  private update(frame: Update): void {
    const known = this.heard.quotes[this.heard.quotes.length - 1]?.seq ?? -1
    this.heard = hearUpdate(this.heard, frame)
    if (frame.gap) this.send({ type: 'resync', after_seq: known })
  }

  private resync(): void {
    this.send({ type: 'resync', after_seq: this.heard.seq })
  }

  private found(at: number): void {
    this.link = 'live'
    if (this.lostAt === null) return
    const quotes = (this.heard.lot?.accepted ?? 0) - this.acceptedWhenLost
    const recovery = { awayMs: at - this.lostAt, quotes: Math.max(quotes, 0) }
    this.lostAt = null
    this.listener.recovered(recovery)
  }

  // ── time and silence ──────────────────────────────────────────────────────────────────────

  private measureQuickly(): void {
    this.pinged = 0
    this.ping()
  }

  private ping(): void {
    const sentAt = this.around.monotonic()
    const t0 = Math.round(sentAt)
    this.pings.set(t0, sentAt)
    if (this.pings.size > 32) this.pings.delete(this.pings.keys().next().value as number)
    if (!this.send({ type: 'ping', t0 })) return
    this.pinged += 1
    this.later(() => this.ping(), this.pinged < FIRST_PINGS ? QUICK_PING_MS : PING_MS)
  }

  private pong(t0: number, t1: number, t2: number, at: number): void {
    const sentAt = this.pings.get(t0)
    if (sentAt === undefined) return
    this.pings.delete(t0)
    this.clock.measure(sentAt, t1, t2, at)
  }

  private unwatch: (() => void)[] = []

  private watch(): void {
    for (const cancel of this.unwatch) cancel()
    const silence = this.later(() => this.silent(), SILENCE_MS)
    const dead = this.later(() => this.closed(1006), DEAD_MS)
    this.unwatch = [silence, dead]
  }

  private later(callback: () => void, ms: number): () => void {
    const cancel = this.around.later(() => {
      this.cancels.delete(cancel)
      callback()
    }, ms)
    this.cancels.add(cancel)
    return () => {
      this.cancels.delete(cancel)
      cancel()
    }
  }

  private cancelAll(): void {
    for (const cancel of this.cancels) cancel()
    this.cancels.clear()
    this.unwatch = []
  }
}

function parse(data: unknown): ServerFrame | null {
  if (typeof data !== 'string') return null
  try {
    const frame: unknown = JSON.parse(data)
    return typeof frame === 'object' && frame !== null && 'type' in frame ? (frame as ServerFrame) : null
  } catch {
    return null
  }
}
