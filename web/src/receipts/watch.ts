/**
 * Watches the log for its bidder: every receipt is verified, and every head seen must continue the
 * last one. Loaded after the bid's answer is on screen; nothing here delays a bid.
 */
import { Broken } from '../verify/core/broken'
import type { Checkpoint, Vkey } from '../verify/core/notes'
import { verifyReceipt, type Verified } from '../verify/core/proof'
import { receiptsOf, type KeptReceipt } from '../live/vault'
import { readDecision } from './decision'
import { getCheckpoint, getLogVkey, proveConsistency } from './doors'
import { headFrom, meet, openWithOne, type Meeting } from './heads'
import { knownKeys, type KnownKeys } from './keys'
import { checks, conclude, loadChecks } from './states'
import { headOf, keepHead, raise, type Alarm, type AlarmKind, type CheckState } from './store'

/** The doors, so that a test can put others in their place. */
export interface Doors {
  readonly fetchKey: () => Promise<string>
  readonly checkpoint: (lotId: string) => Promise<string>
  readonly prove: typeof proveConsistency
  readonly now: () => number
  readonly later: (act: () => Promise<void>, ms: number) => void
  readonly alarmed: () => Promise<void>
}

const DOORS: Doors = {
  fetchKey: nowAndThen(getLogVkey),
  checkpoint: getCheckpoint,
  prove: proveConsistency,
  now: Date.now,
  later: (act, ms) => void setTimeout(() => void act().catch(() => undefined), ms),
  alarmed: async () => (await import('./alarms')).showAlarms(),
}

const KEY_ASKED_EVERY_MS = 60_000

/** The key does not change between two bids; a failure is not remembered. */
function nowAndThen(fetchKey: () => Promise<string>): () => Promise<string> {
  let [key, askedAt] = ['', -Infinity]
  return async () => {
    if (performance.now() - askedAt > KEY_ASKED_EVERY_MS) [key, askedAt] = [await fetchKey(), performance.now()]
    return key
  }
}

/** One at a time: two receipts in one batch must not both ask for the same proof. */
let queue: Promise<unknown> = Promise.resolve()
function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const mine = queue.then(work)
  queue = mine.catch(() => undefined)
  return mine
}

/** Verifies one receipt, or what still waits for this lot, then looks at the newest head. */
export function watchLog(lotId: string, receipt: KeptReceipt | null, doors: Doors = DOORS): Promise<void> {
  return inTurn(async () => {
    if (receipt !== null) await checkOne(receipt, doors)
    else {
      await checkWaiting(lotId, doors)
      await lookAtHead(lotId, doors)
    }
  })
}

/** Verifies again all receipts that this browser keeps, of every lot. */
export function checkAll(receipts: readonly KeptReceipt[], doors: Doors = DOORS): Promise<void> {
  return inTurn(async () => {
    for (const receipt of receipts) await checkOne(receipt, doors)
  })
}

async function checkWaiting(lotId: string, doors: Doors): Promise<void> {
  await loadChecks()
  for (const receipt of await receiptsOf(lotId)) {
    if ((checks.value.get(receipt.bidId)?.state ?? 'WAITING') === 'WAITING') await checkOne(receipt, doors)
  }
}

// ── one receipt ───────────────────────────────────────────────────────────────────────────

async function checkOne(kept: KeptReceipt, doors: Doors): Promise<void> {
  const { keys, alarm } = await trustedKeys(doors)
  if (keys.length === 0) return settle(kept, 'WAITING', 'unreachable', doors)
  let proven: Verified
  try {
    proven = verifyFrame(kept, keys)
  } catch (error) {
    if (!(error instanceof Broken)) throw error
    // Perhaps by the new key: the person decides about that first.
    if (error.reason === 'not_signed' && alarm !== null) return settle(kept, 'WAITING', 'key_changed', doors)
    await sound('RECEIPT_BROKEN', kept.log, kept.receipt.proof, JSON.stringify({ ...kept.receipt, proof: undefined }), error.message, doors)
    return settle(kept, 'BROKEN', error.reason, doors)
  }
  const state = await see(kept.lotId, proven.checkpoint, keys, doors)
  return settle(kept, state, state === 'WAITING' ? 'unreachable' : null, doors)
}

/** The proof holds, and its entry says exactly what the bidder was told. */
export function verifyFrame({ receipt, log, lotId }: KeptReceipt, keys: readonly Vkey[]): Verified {
  const proven = verifyWithOne(receipt.proof, keys, log || undefined)
  const entry = readDecision(proven.entry, proven.index, proven.checkpoint.origin)
  const same =
    entry.lotId === lotId &&
    entry.bidId === receipt.bid_id && entry.amountFen === receipt.amount_fen && entry.outcome === receipt.outcome &&
    entry.reason === (receipt.reason ?? null) && entry.seq === receipt.seq && entry.at === receipt.at &&
    entry.receivedAt === receipt.received_at
  if (!same) throw new Broken('says_otherwise')
  return proven
}

function verifyWithOne(proof: string, keys: readonly Vkey[], log?: string): Verified {
  let last: unknown = new Broken('not_signed')
  for (const key of keys) {
    try {
      return verifyReceipt(proof, key, log)
    } catch (error) {
      last = error
    }
  }
  throw last
}

async function settle({ bidId, lotId }: KeptReceipt, state: CheckState, reason: string | null, doors: Doors): Promise<void> {
  await conclude({ bidId, state, reason, at: doors.now() })
  if (state === 'WAITING') askAgain(lotId, doors)
  else tries.delete(lotId)
}

/** What waits is asked for again by itself: soon at first, then every five minutes of an evening. */
const AGAIN_AFTER_MS = [5_000, 15_000, 60_000, 300_000]
const MAX_TRIES = 60
const tries = new Map<string, number>()
const asleep = new Set<string>()

function askAgain(lotId: string, doors: Doors): void {
  const tried = tries.get(lotId) ?? 0
  if (asleep.has(lotId) || tried >= MAX_TRIES) return
  tries.set(lotId, tried + 1)
  asleep.add(lotId)
  doors.later(() => {
    asleep.delete(lotId)
    return watchLog(lotId, null, doors)
  }, AGAIN_AFTER_MS[Math.min(tried, AGAIN_AFTER_MS.length - 1)] as number)
}

// ── heads ─────────────────────────────────────────────────────────────────────────────────

async function lookAtHead(lotId: string, doors: Doors): Promise<void> {
  const { keys } = await trustedKeys(doors)
  let seen: Checkpoint
  try {
    seen = openWithOne(await doors.checkpoint(lotId), keys)
  } catch {
    return // Not reached, or not signed by a key we know: nothing is learnt from it.
  }
  const kept = await headOf(seen.origin)
  if (kept !== null && seen.size < kept.size && (await hasShrunk(lotId, kept.size, keys, doors))) {
    return sound('SHRUNK', seen.origin, kept.note, seen.note, '', doors)
  }
  await see(lotId, seen, keys, doors)
}

/** The newest head is smaller than one that was signed. One old answer is no proof: asked anew. */
async function hasShrunk(lotId: string, size: number, keys: readonly Vkey[], doors: Doors): Promise<boolean> {
  try {
    return openWithOne(await doors.checkpoint(lotId), keys).size < size
  } catch {
    return false
  }
}

/** Lets a verified head meet the kept one; keeps it, sounds the alarm, or waits. */
async function see(lotId: string, seen: Checkpoint, keys: readonly Vkey[], doors: Doors): Promise<CheckState> {
  const found = await meet(await headOf(seen.origin), seen, keys, (from, to) => doors.prove(lotId, from, to))
  if (found.is === 'UNKNOWN') return 'WAITING'
  if (isFork(found)) {
    await sound(found.is, seen.origin, found.held, found.shown, found.more, doors)
    return 'FORKED'
  }
  await keepHead(headFrom(seen))
  return 'VERIFIED'
}

function isFork(found: Meeting): found is Extract<Meeting, { held: string }> {
  return found.is === 'TWO_HEADS' || found.is === 'NOT_CONSISTENT'
}

// ── alarms ────────────────────────────────────────────────────────────────────────────────

async function trustedKeys(doors: Doors): Promise<KnownKeys> {
  const known = await knownKeys(doors.now(), doors.fetchKey)
  if (known.alarm !== null) await keepAlarm(known.alarm, doors)
  return known
}

function sound(kind: AlarmKind, origin: string, held: string, shown: string, more: string, doors: Doors): Promise<void> {
  return keepAlarm({ id: `${kind} ${origin}`, kind, origin, seenAt: doors.now(), held, shown, more, acknowledgedAt: null }, doors)
}

async function keepAlarm(alarm: Alarm, doors: Doors): Promise<void> {
  if (await raise(alarm)) await doors.alarmed()
}
