import 'fake-indexeddb/auto'
import { expect, it } from 'vitest'
import { keepKey, keepReceipt, keyOf, receiptsOf } from '../src/live/vault'
import type { Receipt } from '../src/api/wire'

const key = (keyId: string, accountId: string, madeAt: number) => ({
  keyId, accountId, madeAt, publicHex: '30', privateKey: {} as CryptoKey,
})
const receipt = (bidId: string, lotId: string, seq: number) => ({
  bidId, lotId, log: `site/lot/${lotId}`,
  receipt: { type: 'receipt', bid_id: bidId, outcome: 'refused', reason: 'CLOSED', amount_fen: 1, seq, at: 1, received_at: 1, minimum_bid_fen: 1, proof: 'c2sp' } as Receipt,
})

it('finds the newest key of an account, and no one else’s', async () => {
  await keepKey(key('k1', 'a', 1))
  await keepKey(key('k2', 'a', 2))
  await keepKey(key('k3', 'b', 3))
  expect((await keyOf('a'))?.keyId).toBe('k2')
  expect(await keyOf('c')).toBeNull()
})

it('keeps a receipt once, refused ones too, in the order of the log', async () => {
  await keepReceipt(receipt('b2', 'lot-a', 9))
  await keepReceipt(receipt('b1', 'lot-a', 4))
  await keepReceipt(receipt('b1', 'lot-a', 4))
  await keepReceipt(receipt('b3', 'lot-b', 5))
  expect((await receiptsOf('lot-a')).map((kept) => kept.bidId)).toEqual(['b1', 'b2'])
})
