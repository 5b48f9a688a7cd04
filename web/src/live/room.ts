/** A live sale on screen: channel, clock and bid machine put together, as the room draws them. */
import { computed, onBeforeUnmount, ref, shallowRef, triggerRef } from 'vue'
import { getBid, getLot, listMyApplications, listQuotes } from '../api/doors'
import { Problem } from '../api/http'
import type { AcceptedQuote, Page, Receipt } from '../api/wire'
import { knowMe, me } from '../session'
import type { LineFigures, RoomView } from '../room/view'
import { Channel, SUBPROTOCOL, type Recovery, type Socket } from './channel'
import { ServerClock } from './clock'
import { canSign, enableHere } from './keys'
import { START, inFlight, next, type Bid, type Effect, type Event, type Link } from './machine'
import { signBid, uuid } from './signing'
import {
  findUnfinished, forgetUnfinished, keepReceipt, keyOf, receiptsOf, rememberUnfinished, type KeptKey, type KeptReceipt,
} from './vault'

const TICK_MS = 100
const RECOVERY_SHOWN_MS = 8_000

const monotonic = () => performance.now()
const later = (callback: () => void, ms: number) => {
  const timer = setTimeout(callback, ms)
  return () => clearTimeout(timer)
}

function connect(lotId: string): Socket {
  const { protocol, host } = window.location
  const scheme = protocol === 'https:' ? 'wss:' : 'ws:'
  return new WebSocket(`${scheme}//${host}/ws/lots/${encodeURIComponent(lotId)}`, SUBPROTOCOL) as unknown as Socket
}

export function useLiveRoom(lotId: string): RoomView {
  const clock = new ServerClock(monotonic)
  const now = ref(0)
  const mono = ref(monotonic())
  const link = ref<Link>('connecting')
  const line = shallowRef<LineFigures>({ latencyMs: null, ageMs: 0, wallAheadMs: null })
  const recovery = shallowRef<Recovery | null>(null)
  const state = shallowRef(START)
  const receipts = shallowRef<readonly KeptReceipt[]>([])
  const keyReady = ref(false)
  const outbid = ref(false)
  const missing = ref(false)
  let ended = false
  let key: KeptKey | null = null

  const channel = new Channel(lotId, clock, { connect: () => connect(lotId), monotonic, later, random: Math.random }, {
    changed,
    receipt: (frame) => void hearReceipt(frame),
    optedIn: changed,
    problem: (frame) => {
      if (frame.bid_id) give({ type: 'problem', code: frame.code, bidId: frame.bid_id, now: monotonic() })
    },
    recovered: (found) => {
      recovery.value = found
      watchLog(null)
      later(() => recovery.value === found && (recovery.value = null), RECOVERY_SHOWN_MS)
    },
  })
  const heard = shallowRef(channel.heard)

  function changed(): void {
    heard.value = channel.heard
    link.value = channel.link
    if (channel.link === 'unknown' && channel.heard.lot === null) void lookForLot()
    hearWorld()
    findInterrupted()
  }

  function hearWorld(): void {
    const { role, bidderNo, seq, lot, rules } = channel.heard
    const world = { link: channel.link, role, bidderNo, keyReady: keyReady.value, seq, lot, rules }
    give({ type: 'world', world, now: monotonic() })
    const over = lot?.stage === 'SOLD' || lot?.stage === 'FAILED'
    if (over && !ended) watchLog(null)
    ended = over
    if (lot?.leader_no === bidderNo || over) outbid.value = false
  }

  function give(event: Event): void {
    const [after, effects] = next(state.value, event)
    state.value = after
    for (const effect of effects) carryOut(effect)
  }

  // ── effects ─────────────────────────────────────────────────────────────────────────────

  function carryOut(effect: Effect): void {
    switch (effect.do) {
      case 'send':
        outbid.value = false
        rememberUnfinished(lotId, channel.heard.bidderNo ?? '', effect.bid)
        void send(effect.bid)
        return
      case 'ask':
        void ask(effect.bid)
        return
      case 'outbid':
        outbid.value = true
        return
      case 'finished':
        forgetUnfinished(lotId, channel.heard.bidderNo ?? '', effect.bidId)
    }
  }

  async function send(bid: Bid): Promise<void> {
    const { bidderNo, log } = channel.heard
    if (key === null || bidderNo === null) return give({ type: 'not_sent', code: 'no_key', bidId: bid.bid_id })
    let signature: string
    try {
      signature = await signBid(key.privateKey, { ...bid, bidder_no: bidderNo, log })
    } catch {
      return give({ type: 'not_sent', code: 'sign_failed', bidId: bid.bid_id })
    }
    if (!channel.placeBid(bid, key.keyId, signature)) {
      give({ type: 'not_sent', code: 'line_lost', bidId: bid.bid_id })
    }
  }

  let asking = false

  /** By the socket when there is one, else by plain HTTPS. */
  async function ask(bid: Bid): Promise<void> {
    if (channel.canSend && channel.askBid(bid.bid_id)) return
    if (asking) return
    asking = true
    try {
      await hearReceipt({ ...(await getBid(lotId, bid.bid_id)), type: 'receipt' })
    } catch (error) {
      const code = error instanceof Problem ? error.code : 'unavailable'
      // Only the service itself can say that it has no such bid; a dead line says nothing.
      const known = code === 'unreachable' || code === 'not_found' || code === 'not_signed_in' ? 'unavailable' : code
      give({ type: 'problem', code: known, bidId: bid.bid_id, now: monotonic() })
    } finally {
      asking = false
    }
  }

  async function hearReceipt(receipt: Receipt): Promise<void> {
    give({ type: 'receipt', receipt, now: monotonic() })
    const kept = { bidId: receipt.bid_id, lotId, log: channel.heard.log, receipt }
    receipts.value = [...receipts.value.filter((each) => each.bidId !== kept.bidId), kept].sort(
      (a, b) => a.receipt.seq - b.receipt.seq,
    )
    await keepReceipt(kept).catch(() => undefined)
    watchLog(kept)
  }

  /** Proofs and heads are looked at by a part of its own, after the answer is on screen. */
  function watchLog(kept: KeptReceipt | null): void {
    if (channel.heard.bidderNo !== null) void import('../receipts/watch').then((part) => part.watchLog(lotId, kept)).catch(() => undefined)
  }

  // ── beginnings ──────────────────────────────────────────────────────────────────────────

  let looked = false
  let lookedForKey = false

  /** A reload in the middle of a bid: ask what became of it. */
  function findInterrupted(): void {
    const { bidderNo } = channel.heard
    if (bidderNo !== null && !lookedForKey) {
      lookedForKey = true
      void findKey()
    }
    if (looked || bidderNo === null || channel.link !== 'live') return
    looked = true
    const bid = findUnfinished(lotId, bidderNo)
    if (bid !== null) give({ type: 'found_unfinished', bid, now: monotonic() })
  }

  async function findKey(): Promise<void> {
    await knowMe(true)
    const account = me.value
    if (!account) return
    const kept = await keyOf(account.account_id, lotId).catch(() => null)
    if (kept === null) return
    const { items } = await listMyApplications().catch(() => ({ items: [] }))
    const own = items.find((each) => each.lot.lot_id === lotId)
    key = kept
    keyReady.value = own?.key_ids.includes(kept.keyId) ?? false
    hearWorld()
  }

  let lookedForLot = false

  /** A hall that never opened may be that of a lot which does not exist. */
  async function lookForLot(): Promise<void> {
    if (lookedForLot) return
    lookedForLot = true
    try {
      await getLot(lotId)
    } catch (error) {
      missing.value = error instanceof Problem && error.code === 'not_found'
      if (missing.value) channel.stop()
      else lookedForLot = false
    }
  }

  /** The quotes before the first that is known, from the beginning of the log. */
  async function loadEarlier(): Promise<void> {
    const first = channel.heard.quotes[0]?.seq ?? 0
    let cursor: string | null = null
    do {
      const page: Page<AcceptedQuote> = await listQuotes(lotId, cursor)
      channel.learn(page.items)
      cursor = page.next_cursor ?? null
      if ((page.items[page.items.length - 1]?.seq ?? first) >= first) return
    } while (cursor !== null)
  }

  async function findReceipts(): Promise<void> {
    receipts.value = await receiptsOf(lotId).catch(() => [])
  }

  async function enableKey(): Promise<void> {
    const account = me.value
    if (!account) return
    key = await enableHere(account.account_id, lotId)
    keyReady.value = true
    hearWorld()
  }

  function tick(): void {
    mono.value = monotonic()
    if (clock.known) now.value = clock.now()
    give({ type: 'tick', now: mono.value })
    const sample = clock.sample
    line.value = {
      latencyMs: sample && sample.roundTrip > 0 ? Math.round(sample.roundTrip / 2) : null,
      ageMs: mono.value - channel.lastFrameAt,
      wallAheadMs: clock.wallAhead(Date.now()),
    }
  }

  const onVisible = () => {
    if (document.visibilityState !== 'visible') return
    channel.wake()
    tick()
  }
  const onOnline = () => channel.wake()
  const onOffline = () => channel.lose()
  const timer = setInterval(tick, TICK_MS)
  document.addEventListener('visibilitychange', onVisible)
  window.addEventListener('online', onOnline)
  window.addEventListener('offline', onOffline)
  onBeforeUnmount(() => {
    clearInterval(timer)
    document.removeEventListener('visibilitychange', onVisible)
    window.removeEventListener('online', onOnline)
    window.removeEventListener('offline', onOffline)
    channel.stop()
  })
  channel.start()
  void findReceipts()

  return {
    kind: 'live',
    missing,
    heard,
    link,
    now,
    line,
    recovery,
    loadEarlier,
    bidding: {
      state,
      monotonic: mono,
      receipts,
      keyReady,
      canSign: canSign(),
      outbid,
      inFlight: computed(() => inFlight(state.value)),
      choose: (choice) => give({ type: 'choose', choice, now: monotonic() }),
      press: () => give({ type: 'press', now: monotonic(), serverNow: clock.now(), bidId: uuid() }),
      typeAgain: (text) => give({ type: 'type_again', text }),
      cancel: () => give({ type: 'cancel' }),
      optIn: (join) => void channel.optIn(join),
      enableKey,
      takeOver: () => {
        channel.start()
        triggerRef(heard)
      },
    },
  }
}
