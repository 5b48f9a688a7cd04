import 'fake-indexeddb/auto'
import { IDBFactory } from 'fake-indexeddb'
import { ed25519 } from '@noble/curves/ed25519.js'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Receipt } from '../../src/api/wire'
import { keepReceipt, type KeptReceipt } from '../../src/live/vault'
import { writeVkey } from '../../src/verify/core/notes'
import { judge } from '../../src/receipts/decision'
import { hush, listen, loud } from '../../src/receipts/ringing'
import { checks } from '../../src/receipts/states'
import { allAlarms, headOf, keepHead, siteKeys } from '../../src/receipts/store'
import { checkAll, watchLog, type Doors } from '../../src/receipts/watch'
import { LOT, Log, ORIGIN, SITE, bidEntry, siteKey, type Bid } from '../verify/logs'

const BIDS: readonly Bid[] = [
  { bidId: 'a', amountFen: 100 },
  { bidId: 'b', amountFen: 50, refusedFor: 'BELOW_MINIMUM' },
  { bidId: 'c', amountFen: 200 },
  { bidId: 'd', amountFen: 300 },
]
const honest = new Log(BIDS.map((bid, seq) => bidEntry(seq, bid)))
/** The same log until the second bid, which was never taken in; signed by the same key. */
const forked = new Log([BIDS[0], BIDS[2], BIDS[3], { bidId: 'e', amountFen: 400 }].map((bid, seq) => bidEntry(seq, bid as Bid)))

/** What the bidder was told about the bid at this place, under the head of this size. */
function kept(log: Log, index: number, size: number): KeptReceipt {
  const proof = log.receipt(index, size)
  const said = judge(proof, siteKey).decision
  if (said === null) throw new Error('no decision')
  const receipt: Receipt = {
    type: 'receipt', bid_id: said.bidId, outcome: said.outcome, reason: said.reason, amount_fen: said.amountFen,
    seq: said.seq, at: said.at, received_at: said.receivedAt, closes_at: said.closesAt, minimum_bid_fen: 1, proof,
  }
  return { bidId: said.bidId, lotId: LOT, log: ORIGIN, receipt }
}

class Service implements Doors {
  asked: string[] = []
  alarms = 0
  reachable = true
  size: number
  slept: { act: () => Promise<void>; ms: number }[] = []
  constructor(public log: Log, public vkey = siteKey.text) {
    this.size = log.entries.length
  }
  now = () => 1
  later = (act: () => Promise<void>, ms: number) => void this.slept.push({ act, ms })
  alarmed = async () => void (this.alarms += 1)
  fetchKey = async () => this.answer('key', this.vkey)
  checkpoint = async () => this.answer('checkpoint', this.log.head(this.size))
  prove = async (_lotId: string, from: number, to: number) => this.answer(`${from}-${to}`, this.log.consistency(from, to))
  private answer<T>(what: string, answer: T): T {
    this.asked.push(what)
    if (!this.reachable) throw new Error('no line')
    return answer
  }
}

const stateOf = (bidId: string) => checks.value.get(bidId)?.state
const kinds = async () => (await allAlarms()).map((alarm) => alarm.kind)

beforeEach(() => {
  indexedDB = new IDBFactory()
  checks.value = new Map()
})

describe('an honest log', () => {
  it('verifies every receipt, accepted and refused, and remembers the largest head', async () => {
    const service = new Service(honest)
    await watchLog(LOT, kept(honest, 0, 1), service)
    await watchLog(LOT, kept(honest, 1, 3), service)
    await watchLog(LOT, kept(honest, 2, 3), service)
    expect([stateOf('a'), stateOf('b'), stateOf('c')]).toEqual(['VERIFIED', 'VERIFIED', 'VERIFIED'])
    expect((await headOf(ORIGIN))?.size).toBe(3)
    expect(service.asked.filter((each) => each.includes('-'))).toEqual(['1-3'])
    expect(service.alarms).toBe(0)
  })

  it('takes receipts in any order, and never forgets the larger head', async () => {
    const service = new Service(honest)
    await checkAll([kept(honest, 2, 4), kept(honest, 0, 1)], service)
    expect([stateOf('a'), stateOf('c')]).toEqual(['VERIFIED', 'VERIFIED'])
    expect((await headOf(ORIGIN))?.size).toBe(4)
  })

  it('looks at the newest head when asked to', async () => {
    const service = new Service(honest)
    await watchLog(LOT, kept(honest, 0, 1), service)
    await watchLog(LOT, null, service)
    expect((await headOf(ORIGIN))?.size).toBe(4)
    expect(service.alarms).toBe(0)
  })

  it('cries no wolf when the line is cut: what waits is asked for again', async () => {
    const service = new Service(honest)
    await watchLog(LOT, kept(honest, 0, 1), service)
    service.reachable = false
    const second = kept(honest, 1, 3)
    await keepReceipt(second)
    await watchLog(LOT, second, service)
    expect(stateOf('b')).toBe('WAITING')
    expect(service.slept.map((each) => each.ms)).toEqual([5_000])
    await service.slept.pop()?.act()
    expect(stateOf('b')).toBe('WAITING')
    expect(service.slept.map((each) => each.ms)).toEqual([15_000])
    service.reachable = true
    await service.slept.pop()?.act()
    expect(stateOf('b')).toBe('VERIFIED')
    expect(await kinds()).toEqual([])
  })

  it('cries no wolf over answers that prove nothing', async () => {
    for (const wrong of [
      { proof: ['?'] },
      { checkpoint: 'nothing signed' },
      { checkpoint: honest.head(2) },
      { checkpoint: new Log(honest.entries, new Uint8Array(32).fill(7)).head(3) },
    ]) {
      indexedDB = new IDBFactory()
      const service = new Service(honest)
      await watchLog(LOT, kept(honest, 0, 1), service)
      service.prove = async (_lot, from, to) => ({ ...honest.consistency(from, to), ...wrong })
      await watchLog(LOT, kept(honest, 1, 3), service)
      expect([stateOf('b'), await kinds()]).toEqual(['WAITING', []])
    }
  })

  it('asks once more before it believes that a proof does not reach', async () => {
    const service = new Service(honest)
    await watchLog(LOT, kept(honest, 0, 1), service)
    const { prove } = service
    let spoilt = 0
    service.prove = async (lot, from, to) => ({ ...(await prove(lot, from, to)), ...(spoilt++ === 0 ? { proof: [] } : {}) })
    await watchLog(LOT, kept(honest, 1, 3), service)
    expect([stateOf('b'), await kinds()]).toEqual(['VERIFIED', []])
  })
})

describe('a log that forked', () => {
  it('of one size is shouted with both signed heads', async () => {
    await watchLog(LOT, kept(honest, 1, 3), new Service(honest))
    const other = new Service(forked)
    await watchLog(LOT, kept(forked, 0, 3), other)
    expect(stateOf('a')).toBe('FORKED')
    expect(await allAlarms()).toMatchObject([{ kind: 'TWO_HEADS', origin: ORIGIN, held: honest.head(3), shown: forked.head(3), acknowledgedAt: null }])
    expect(other.alarms).toBe(1)
  })

  it('of another size is shouted because no proof reaches', async () => {
    await watchLog(LOT, kept(honest, 1, 3), new Service(honest))
    await watchLog(LOT, kept(forked, 3, 4), new Service(forked))
    expect(await allAlarms()).toMatchObject([{ kind: 'NOT_CONSISTENT', held: honest.head(3), shown: forked.head(4) }])
    expect(stateOf('e')).toBe('FORKED')
    // The head that was seen first stays the one to compare with.
    expect((await headOf(ORIGIN))?.note).toBe(honest.head(3))
  })

  it('is found by a look at the newest head alone', async () => {
    await watchLog(LOT, kept(honest, 1, 3), new Service(honest))
    await watchLog(LOT, null, new Service(forked))
    expect(await kinds()).toEqual(['NOT_CONSISTENT'])
  })

  it('that shows the seen head and another under the same size betrays itself in its proof', async () => {
    await watchLog(LOT, kept(honest, 0, 1), new Service(honest))
    const service = new Service(forked)
    service.checkpoint = async () => honest.head(4)
    await watchLog(LOT, null, service)
    expect(await allAlarms()).toMatchObject([{ kind: 'TWO_HEADS', held: honest.head(4), shown: forked.head(4) }])
  })

  it('that became shorter than what it signed is shouted when it says so twice', async () => {
    await watchLog(LOT, kept(honest, 1, 3), new Service(honest))
    const service = new Service(honest)
    service.size = 2
    await watchLog(LOT, null, service)
    expect(await allAlarms()).toMatchObject([{ kind: 'SHRUNK', held: honest.head(3), shown: honest.head(2) }])
  })

  it('that was only late once is not', async () => {
    await watchLog(LOT, kept(honest, 1, 3), new Service(honest))
    const service = new Service(honest)
    const { checkpoint } = service
    service.checkpoint = async () => {
      service.size = service.asked.includes('checkpoint') ? 4 : 2
      return checkpoint()
    }
    await watchLog(LOT, null, service)
    expect(await kinds()).toEqual([])
  })

  it('is shouted once, until it is acknowledged, and stays listed', async () => {
    await watchLog(LOT, kept(honest, 1, 3), new Service(honest))
    const service = new Service(forked)
    await watchLog(LOT, null, service)
    await watchLog(LOT, null, service)
    expect(service.alarms).toBe(1)
    await listen()
    expect(loud.value).toHaveLength(1)
    await hush(loud.value[0] as never, 5)
    expect(loud.value).toHaveLength(0)
    await watchLog(LOT, null, service)
    expect(service.alarms).toBe(1)
    expect(await allAlarms()).toMatchObject([{ acknowledgedAt: 5 }])
  })
})

describe('a receipt', () => {
  it.each([
    ['another amount', { amount_fen: 101 }],
    ['another outcome', { outcome: 'refused' as const, reason: 'CLOSED' }],
    ['another place', { seq: 1 }],
    ['another time', { at: 1 }],
    ['another arrival', { received_at: 1 }],
    ['another bid', { bid_id: 'z' }],
  ])('that proves something else than %s was said is shouted', async (_what, said) => {
    const service = new Service(honest)
    const told = kept(honest, 0, 1)
    await watchLog(LOT, { ...told, receipt: { ...told.receipt, ...said } }, service)
    expect(checks.value.get('a')).toMatchObject({ state: 'BROKEN', reason: 'says_otherwise' })
    expect(await kinds()).toEqual(['RECEIPT_BROKEN'])
    expect(await headOf(ORIGIN)).toBeNull()
  })

  it('of another lot is none of this one', async () => {
    const told = kept(honest, 0, 1)
    await watchLog('other-lot', { ...told, lotId: 'other-lot', log: '' }, new Service(honest))
    expect(await kinds()).toEqual(['RECEIPT_BROKEN'])
  })
})

describe("the site's key", () => {
  const other = new Uint8Array(32).fill(7)
  const otherKey = writeVkey(SITE, 1, ed25519.getPublicKey(other))

  it('is pinned on first use; another one later is shouted, and trusted only when acknowledged', async () => {
    await watchLog(LOT, kept(honest, 0, 1), new Service(honest))
    const changed = new Log(honest.entries, other)
    const service = new Service(changed, otherKey)
    const again = { ...kept(honest, 1, 3), receipt: { ...kept(honest, 1, 3).receipt, proof: changed.receipt(1, 3) } }
    await watchLog(LOT, again, service)
    expect(await allAlarms()).toMatchObject([{ kind: 'KEY_CHANGED', held: siteKey.text, shown: otherKey }])
    expect(checks.value.get('b')).toMatchObject({ state: 'WAITING', reason: 'key_changed' })
    await listen()
    await hush(loud.value[0] as never, 5)
    expect((await siteKeys()).map((each) => each.vkey)).toEqual([siteKey.text, otherKey])
    await watchLog(LOT, again, service)
    expect(stateOf('b')).toBe('VERIFIED')
    await watchLog(LOT, kept(honest, 0, 1), service)
    expect(stateOf('a')).toBe('VERIFIED')
  })

  it('that signs without having been shown makes no receipt', async () => {
    const service = new Service(honest)
    await watchLog(LOT, kept(honest, 0, 1), service)
    const changed = new Log(honest.entries, other)
    const told = kept(honest, 1, 3)
    await watchLog(LOT, { ...told, receipt: { ...told.receipt, proof: changed.receipt(1, 3) } }, service)
    expect(await allAlarms()).toMatchObject([{ kind: 'RECEIPT_BROKEN' }])
  })

  it('that was never reached leaves receipts waiting', async () => {
    const service = new Service(honest)
    service.reachable = false
    await watchLog(LOT, kept(honest, 0, 1), service)
    expect(stateOf('a')).toBe('WAITING')
    expect(await siteKeys()).toEqual([])
  })
})

describe('the memory', () => {
  it('keeps the larger head, whoever comes last', async () => {
    const head = (size: number) => ({ origin: ORIGIN, size, root: '00'.repeat(32), note: `${size}` })
    await Promise.all([keepHead(head(5)), keepHead(head(3)), keepHead(head(7)), keepHead(head(6))])
    expect((await headOf(ORIGIN))?.size).toBe(7)
  })
})
