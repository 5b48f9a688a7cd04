import { describe, expect, it } from 'vitest'
import type { Parcel, RuleSet } from '../src/api/wire'
import { emptyForm, errorsOf, fromDraft, fromParcel, fromTemplate, suspectPerMu, toDraft } from '../src/office/drafting'

const WAN = 1_000_000
const NOW = 1_763_798_400_000
const parcel = {
  parcel_id: 'parcel-001', method: 'LISTING', starting_price_fen: 28_250 * WAN, increment_fen: 20 * WAN,
  deposit_fen: 28_250 * WAN, source: '', facts: { area_centi_m2: 6_051_061 },
} as unknown as Parcel
const rules = {
  template: 'hebei-default', method: 'LISTING', countdown_s: 300, notice_days: 20, listing_days: 10,
  registration_gap_days: 2, day_ms: 86_400_000, minute_ms: 60_000, reserve: 'SEALED', deposit: { CNY: 0 },
} as unknown as RuleSet

function filled() {
  const form = emptyForm()
  fromParcel(form, parcel)
  fromTemplate(form, rules, NOW)
  return form
}

describe('a draft from a parcel', () => {
  it('is whole without a keystroke', () => {
    expect(errorsOf(filled())).toEqual({})
    const draft = toDraft(filled(), { parcel_id: 'parcel-001', parcel: parcel.facts }, rules, NOW)
    expect(draft).toMatchObject({
      lot_id: 'lot-parcel-001',
      rules: { starting_price_fen: 28_250 * WAN, increment_fen: 20 * WAN, deposit: { CNY: 28_250 * WAN }, countdown_s: 300, reserve: 'SEALED' },
    })
    const { timetable } = draft
    expect(timetable.auction_from).toBeUndefined()
    expect((timetable.listing_from as number) - NOW).toBeGreaterThanOrEqual(20 * 86_400_000)
    expect((timetable.listing_to as number) - timetable.registration_to).toBe(2 * 86_400_000)
  })
  it('survives being stored and opened again', () => {
    const form = { ...filled(), documents: [{ name: '出让公告.pdf', sha256: 'ab'.repeat(32) }] }
    const draft = toDraft(form, { parcel_id: 'parcel-001', parcel: parcel.facts }, rules, NOW)
    expect(draft.documents).toHaveLength(1)
    expect(toDraft(fromDraft(draft), { parcel_id: 'parcel-001', parcel: parcel.facts }, rules, NOW)).toEqual(draft)
  })
  it('is announced no later than it registers, however long the form stood open', () => {
    const { timetable } = toDraft(filled(), { parcel_id: 'p', parcel: parcel.facts }, rules, NOW + 60_000)
    expect(timetable.announced_at).toBeLessThanOrEqual(timetable.registration_from)
  })
  it('gives an auction its start and no listing times', () => {
    const form = filled()
    form.method = 'AUCTION'
    fromTemplate(form, rules, NOW)
    const { timetable } = toDraft(form, { parcel_id: 'p', parcel: parcel.facts }, rules, NOW)
    expect(timetable.listing_from).toBeUndefined()
    expect(timetable.auction_from as number).toBeGreaterThan(timetable.registration_to)
  })
})

describe('what is wrong with a form', () => {
  it('is told by field', () => {
    const form = { ...filled(), lotId: 'A b', start: '', increment: '2e3', countdown: '0' }
    expect(errorsOf(form)).toEqual({
      lotId: 'badLotId', start: 'required', increment: 'badAmount', countdown: 'badAmount',
    })
  })
  it('元 typed as 万元 is seen by the price per 亩', () => {
    expect(suspectPerMu(filled(), parcel.facts)).toBeNull()
    expect(suspectPerMu({ ...filled(), start: '282500000' }, parcel.facts)).toBe('3,112,401.83')
    expect(suspectPerMu({ ...filled(), start: '2.825' }, parcel.facts)).toBe('0.03')
  })
})
