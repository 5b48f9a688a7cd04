/**
 * What this browser keeps for its bidder in IndexedDB: signing keys (not extractable) and receipts.
 *
 * One database, two stores. A key belongs to an account and one lot: on the public rolls of two lots
 * the same key would name the same bidder. A receipt belongs to a bid of a log.
 */
import type { Receipt } from '../api/wire'

const NAME = 'luochui'
const VERSION = 2

export interface KeptKey {
  readonly keyId: string
  readonly accountId: string
  readonly lotId: string
  readonly publicHex: string
  readonly privateKey: CryptoKey
  readonly madeAt: number
}

export interface KeptReceipt {
  readonly bidId: string
  readonly lotId: string
  readonly log: string
  readonly receipt: Receipt
}

export async function keepKey(key: KeptKey): Promise<void> {
  await write('keys', key)
}

/** The newest key of this account for this lot in this browser, or null. */
export async function keyOf(accountId: string, lotId: string): Promise<KeptKey | null> {
  const keys = await read<KeptKey>('keys', 'holder', [accountId, lotId])
  return keys.sort((a, b) => b.madeAt - a.madeAt)[0] ?? null
}

export async function keepReceipt(receipt: KeptReceipt): Promise<void> {
  await write('receipts', receipt)
}

/** The receipts of one lot, or of all, in order of their place in the log. */
export async function receiptsOf(lotId?: string): Promise<KeptReceipt[]> {
  const found = await read<KeptReceipt>('receipts', 'lotId', lotId)
  return found.sort((a, b) => a.receipt.seq - b.receipt.seq)
}

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, VERSION)
    request.onupgradeneeded = ({ oldVersion }) => upgrade(request.result, oldVersion)
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}

/** Version 1 held one key for all lots of an account: such a key must not be used again. */
function upgrade(base: IDBDatabase, from: number): void {
  if (from === 1) base.deleteObjectStore('keys')
  base.createObjectStore('keys', { keyPath: 'keyId' }).createIndex('holder', ['accountId', 'lotId'])
  if (from < 1) base.createObjectStore('receipts', { keyPath: 'bidId' }).createIndex('lotId', 'lotId')
}

/** Done means durable: the transaction has completed, not only the request. */
async function write(store: string, value: unknown): Promise<void> {
  const base = await open()
  try {
    await new Promise<void>((resolve, reject) => {
      const transaction = base.transaction(store, 'readwrite')
      transaction.objectStore(store).put(value)
      transaction.oncomplete = () => resolve()
      transaction.onabort = () => reject(transaction.error)
    })
  } finally {
    base.close()
  }
}

async function read<T>(store: string, index: string, key?: IDBValidKey): Promise<T[]> {
  const base = await open()
  try {
    return await new Promise((resolve, reject) => {
      const request = base.transaction(store).objectStore(store).index(index).getAll(key)
      request.onsuccess = () => resolve(request.result as T[])
      request.onerror = () => reject(request.error)
    })
  } finally {
    base.close()
  }
}

// ── the bid that has no answer yet: kept where a reload finds it at once ─────────────────────

export interface Unfinished {
  readonly bid_id: string
  readonly amount_fen: number
  readonly seen_seq: number
  readonly jump_confirmed: boolean
}

const unfinishedKey = (lotId: string, bidderNo: string) => `luochui.unfinished.${lotId}.${bidderNo}`

export function rememberUnfinished(lotId: string, bidderNo: string, bid: Unfinished): void {
  try {
    sessionStorage.setItem(unfinishedKey(lotId, bidderNo), JSON.stringify(bid))
  } catch {
    // Without storage a reload cannot ask; the answer still comes with the next snapshot.
  }
}

export function forgetUnfinished(lotId: string, bidderNo: string, bidId: string): void {
  const found = findUnfinished(lotId, bidderNo)
  if (found?.bid_id === bidId) sessionStorage.removeItem(unfinishedKey(lotId, bidderNo))
}

export function findUnfinished(lotId: string, bidderNo: string): Unfinished | null {
  try {
    const text = sessionStorage.getItem(unfinishedKey(lotId, bidderNo))
    return text === null ? null : (JSON.parse(text) as Unfinished)
  } catch {
    return null
  }
}
