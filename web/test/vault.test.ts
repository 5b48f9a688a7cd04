import 'fake-indexeddb/auto'
import { IDBFactory } from 'fake-indexeddb'
import { afterEach, expect, it, vi } from 'vitest'
import { keepKey, keepReceipt, keyOf, receiptsOf } from '../src/live/vault'
import type { Receipt } from '../src/api/wire'

afterEach(() => vi.unstubAllGlobals())

const key = (keyId: string, accountId: string, lotId: string, madeAt: number) => ({
  keyId, accountId, lotId, madeAt, publicHex: '30', privateKey: {} as CryptoKey,
})
const receipt = (bidId: string, lotId: string, seq: number) => ({
  bidId, lotId, log: `site/lot/${lotId}`,
  receipt: { type: 'receipt', bid_id: bidId, outcome: 'refused', reason: 'CLOSED', amount_fen: 1, seq, at: 1, received_at: 1, minimum_bid_fen: 1, proof: 'c2sp' } as Receipt,
})

it('finds the newest key of an account for one lot, and no one else’s', async () => {
  await keepKey(key('k1', 'a', 'lot-a', 1))
  await keepKey(key('k2', 'a', 'lot-a', 2))
  await keepKey(key('k3', 'b', 'lot-a', 3))
  await keepKey(key('k4', 'a', 'lot-b', 4))
  expect((await keyOf('a', 'lot-a'))?.keyId).toBe('k2')
  expect((await keyOf('a', 'lot-b'))?.keyId).toBe('k4')
  expect(await keyOf('a', 'lot-c')).toBeNull()
  expect(await keyOf('c', 'lot-a')).toBeNull()
})

it('keeps a receipt once, refused ones too, in the order of the log', async () => {
  await keepReceipt(receipt('b2', 'lot-a', 9))
  await keepReceipt(receipt('b1', 'lot-a', 4))
  await keepReceipt(receipt('b1', 'lot-a', 4))
  await keepReceipt(receipt('b3', 'lot-b', 5))
  expect((await receiptsOf('lot-a')).map((kept) => kept.bidId)).toEqual(['b1', 'b2'])
})

it('forgets a key of the first version, which served all lots, and keeps its receipts', async () => {
  vi.stubGlobal('indexedDB', new IDBFactory())
  const old = { ...key('k0', 'a', '', 1), lotId: undefined }
  await firstVersion(old, receipt('b1', 'lot-a', 4))
  expect(await keyOf('a', 'lot-a')).toBeNull()
  await keepKey(key('k1', 'a', 'lot-a', 2))
  expect((await keyOf('a', 'lot-a'))?.keyId).toBe('k1')
  expect((await receiptsOf('lot-a')).map((kept) => kept.bidId)).toEqual(['b1'])
})

/** The database as the first version left it. */
function firstVersion(oldKey: unknown, oldReceipt: unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open('luochui', 1)
    request.onupgradeneeded = () => {
      const keys = request.result.createObjectStore('keys', { keyPath: 'keyId' })
      keys.createIndex('accountId', 'accountId')
      keys.put(oldKey)
      const receipts = request.result.createObjectStore('receipts', { keyPath: 'bidId' })
      receipts.createIndex('lotId', 'lotId')
      receipts.put(oldReceipt)
    }
    request.onsuccess = () => {
      request.result.close()
      resolve()
    }
    request.onerror = () => reject(request.error)
  })
}
