/**
 * What this browser remembers of the log, in an IndexedDB of its own: for each log the largest head
 * it has verified, the site's key as first seen, what became of each receipt, and alarms.
 */

const NAME = 'luochui-log'
const VERSION = 1

export interface KeptHead {
  readonly origin: string
  readonly size: number
  /** Lowercase hex. */
  readonly root: string
  /** The signed note, verbatim: the evidence. */
  readonly note: string
}

export interface KeptSiteKey {
  readonly vkey: string
  /** Order of trust: the first was pinned, later ones were acknowledged by the person. */
  readonly since: number
}

/** WAITING: something could not be asked yet. BROKEN: the receipt itself. FORKED: its head. */
export type CheckState = 'VERIFIED' | 'WAITING' | 'BROKEN' | 'FORKED'

export interface KeptCheck {
  readonly bidId: string
  readonly state: CheckState
  /** A name of `Broken`, for BROKEN. */
  readonly reason: string | null
  readonly at: number
}

export type AlarmKind = 'TWO_HEADS' | 'NOT_CONSISTENT' | 'SHRUNK' | 'KEY_CHANGED' | 'RECEIPT_BROKEN'

export interface Alarm {
  /** kind + log: one alarm of a kind for each log; more of the same would drown the first. */
  readonly id: string
  readonly kind: AlarmKind
  readonly origin: string
  readonly seenAt: number
  /** What this browser held, and what it was shown: notes, keys or proofs, to take away. */
  readonly held: string
  readonly shown: string
  /** A size, a reason, a consistency answer: whatever else an expert needs. */
  readonly more: string
  readonly acknowledgedAt: number | null
}

type Store = 'heads' | 'keys' | 'checks' | 'alarms'

// ── heads ─────────────────────────────────────────────────────────────────────────────────

export const headOf = (origin: string): Promise<KeptHead | null> => one('heads', origin)
export const allHeads = (): Promise<KeptHead[]> => all('heads')

/** Keeps the head unless a larger one is kept already: two tabs may come in any order. */
export async function keepHead(head: KeptHead): Promise<void> {
  await change('heads', (store) => {
    const asked = store.get(head.origin)
    asked.onsuccess = () => {
      const kept = asked.result as KeptHead | undefined
      if (kept === undefined || kept.size < head.size) store.put(head)
    }
  })
  remember()
}

// ── the site's keys ───────────────────────────────────────────────────────────────────────

/** In order of trust; the first is the one pinned on first use. */
export async function siteKeys(): Promise<KeptSiteKey[]> {
  return (await all<KeptSiteKey>('keys')).sort((a, b) => a.since - b.since)
}

export const trustKey = (vkey: string, now: number): Promise<void> => put('keys', { vkey, since: now } satisfies KeptSiteKey)

// ── checks ────────────────────────────────────────────────────────────────────────────────

export const allChecks = (): Promise<KeptCheck[]> => all('checks')
export const keepCheck = (check: KeptCheck): Promise<void> => put('checks', check)

// ── alarms ────────────────────────────────────────────────────────────────────────────────

export async function allAlarms(): Promise<Alarm[]> {
  return (await all<Alarm>('alarms')).sort((a, b) => a.seenAt - b.seenAt)
}

/** Keeps the first alarm of its kind for this log; true when this one is new. */
export async function raise(alarm: Alarm): Promise<boolean> {
  let isNew = false
  await change('alarms', (store) => {
    const asked = store.get(alarm.id)
    asked.onsuccess = () => {
      if (asked.result !== undefined) return
      isNew = true
      store.put(alarm)
    }
  })
  remember()
  return isNew
}

export async function acknowledge(id: string, now: number): Promise<void> {
  await change('alarms', (store) => {
    const asked = store.get(id)
    asked.onsuccess = () => asked.result && store.put({ ...(asked.result as Alarm), acknowledgedAt: now })
  })
}

// ── the database ──────────────────────────────────────────────────────────────────────────

/** Tells the start of the next page that there is something to look for here; see main.ts. */
export const HAS_MEMORY = 'luochui.log'

function remember(): void {
  try {
    localStorage.setItem(HAS_MEMORY, '1')
  } catch {
    // Without it each page looks for alarms.
  }
}

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, VERSION)
    request.onupgradeneeded = () => {
      request.result.createObjectStore('heads', { keyPath: 'origin' })
      request.result.createObjectStore('keys', { keyPath: 'vkey' })
      request.result.createObjectStore('checks', { keyPath: 'bidId' })
      request.result.createObjectStore('alarms', { keyPath: 'id' })
    }
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}

/** Done means durable: the transaction has completed. */
async function change(name: Store, act: (store: IDBObjectStore) => void): Promise<void> {
  const base = await open()
  try {
    await new Promise<void>((resolve, reject) => {
      const transaction = base.transaction(name, 'readwrite')
      act(transaction.objectStore(name))
      transaction.oncomplete = () => resolve()
      transaction.onabort = () => reject(transaction.error)
    })
  } finally {
    base.close()
  }
}

function put(name: Store, value: unknown): Promise<void> {
  return change(name, (store) => store.put(value))
}

async function ask<T>(name: Store, question: (store: IDBObjectStore) => IDBRequest): Promise<T> {
  const base = await open()
  try {
    return await new Promise((resolve, reject) => {
      const request = question(base.transaction(name).objectStore(name))
      request.onsuccess = () => resolve(request.result as T)
      request.onerror = () => reject(request.error)
    })
  } finally {
    base.close()
  }
}

function all<T>(name: Store): Promise<T[]> {
  return ask<T[]>(name, (store) => store.getAll())
}

async function one<T>(name: Store, key: string): Promise<T | null> {
  return (await ask<T | undefined>(name, (store) => store.get(key))) ?? null
}
