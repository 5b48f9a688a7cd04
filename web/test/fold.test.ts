import { describe, expect, it } from 'vitest'
import { fold, momentAt, type Moment } from '../src/replay/fold'
import type { AcceptedQuote, LotEntry, LotFields } from '../src/api/wire'
// Two whole sales of the practice site: the answers of replay, lot and quotes.
import real from './real_sales.json'
import { T0, WAN, sale } from './sale'

const moments = fold(sale)
const after = (seq: number) => moments[seq] as Moment

describe('the fold', () => {
  it('begins announced, with the starting price as the lowest bid', () => {
    expect(after(0).lot).toMatchObject({ stage: 'ANNOUNCED', opens_at: T0 + 10_000, minimum_bid_fen: 2750 * WAN })
    expect(after(0).rules).toMatchObject({ title: '沧经开-2026-07', countdown_s: 20 })
  })
  it('raises the price and keeps the end of the listing', () => {
    expect(after(2).lot).toMatchObject({
      stage: 'LISTING', price_fen: 2750 * WAN, leader_no: 'M4T8', closes_at: T0 + 30_000, extensions: 0,
      minimum_bid_fen: 2770 * WAN, total_fen: 2750 * WAN,
    })
    expect(after(2).quote).toMatchObject({ seq: 2, bidder_no: 'M4T8', stage: 'LISTING' })
  })
  it('takes the live step in the timed phase and counts the extension', () => {
    expect(after(3).lot).toMatchObject({ stage: 'TIMED', increment_fen: 10 * WAN, minimum_bid_fen: 2760 * WAN })
    expect(after(4).lot).toMatchObject({ closes_at: T0 + 55_000, extensions: 1, accepted: 2 })
  })
  it('changes nothing on a refused bid', () => {
    expect(after(5).lot).toEqual(after(4).lot)
    expect(after(5).quote).toBeNull()
  })
  it('shows an outage as a suspension with its own end', () => {
    expect(after(6).lot).toMatchObject({ control: 'SUSPENDED', suspend_cause: 'OUTAGE', resumes_at: T0 + 45_000 })
    expect(after(6).notice).toMatchObject({ code: 'INTERRUPTED', params: { cause: 'OUTAGE' } })
    expect(after(7).lot).toMatchObject({ control: 'NORMAL', closes_at: T0 + 65_000, resumes_at: null })
  })
  it('ends sold and sealed', () => {
    expect(after(8).lot.winner_no ?? null).toBeNull()
    expect(after(13).lot).toMatchObject({ stage: 'SOLD', winner_no: 'K7Q3', reserve_met: true, sealed: true })
  })
  it('converts an increment announced in another unit', () => {
    const [first] = sale as [LotEntry]
    const command = first.command as unknown as { rules: object }
    const other = { ...first, command: { ...command, rules: { ...command.rules, increment_unit: 'PER_MU' } } }
    expect(fold([other as unknown as LotEntry])[0]?.lot.increment_fen).toBe(910_005_000)
  })
  it('does not fill a gap', () => {
    expect(() => fold(sale.filter((entry) => entry.seq !== 4))).toThrow('entry 4 is missing')
    expect(() => fold([])).not.toThrow()
  })
})

describe('real sales, as the service ran them', () => {
  const kept = real as unknown as { entries: LotEntry[]; lot: LotFields; quotes: AcceptedQuote[] }[]
  it.each(kept.map((each) => [each.entries[0]?.log ?? '', each] as const))('%s folds to what the service says', (_log, each) => {
    const found = fold(each.entries)
    const last = found[found.length - 1] as Moment
    for (const [name, value] of Object.entries(each.lot)) {
      expect([name, last.lot[name as keyof LotFields] ?? null]).toEqual([name, value])
    }
    expect(found.flatMap((moment) => (moment.quote ? [moment.quote] : []))).toEqual(each.quotes)
  })
})

describe('the moment on screen', () => {
  it('is the last one decided at that instant', () => {
    expect(momentAt(moments, T0 - 1)).toBe(-1)
    expect(momentAt(moments, T0)).toBe(0)
    expect(momentAt(moments, T0 + 34_999)).toBe(3)
    expect(momentAt(moments, T0 + 35_000)).toBe(4)
    expect(momentAt(moments, T0 + 9_999_999)).toBe(13)
  })
})
