/** A draft as a form: what is typed, and the announcement it means. Pure, so that it is tested. */
import type { DraftIn, Parcel, RuleSet, Timetable } from '../api/wire'
import { parseSpoken, perMu, spoken, totalFen } from '../live/money'
import { fromField, toField } from '../text/time'

export interface Form {
  lotId: string
  template: string
  method: string
  priceUnit: string
  start: string
  increment: string
  deposit: string
  countdown: string
  /** SEALED or NONE: the rule. What is sealed is sealed apart, by two people. */
  reserve: string
  documents: DraftIn['documents']
  times: Record<TimeName, string>
}

export type TimeName = 'registration_from' | 'registration_to' | 'deposit_deadline' | 'listing_from' | 'listing_to' | 'auction_from'

export const LISTING_TIMES: readonly TimeName[] = ['registration_from', 'registration_to', 'deposit_deadline', 'listing_from', 'listing_to']
export const AUCTION_TIMES: readonly TimeName[] = ['registration_from', 'registration_to', 'deposit_deadline', 'auction_from']
export const timesOf = (method: string): readonly TimeName[] => (method === 'AUCTION' ? AUCTION_TIMES : LISTING_TIMES)

export type FieldName = 'lotId' | 'start' | 'increment' | 'deposit' | 'countdown' | TimeName
export type Errors = Partial<Record<FieldName, 'required' | 'badAmount' | 'badLotId'>>

const LOT_ID = /^[a-z0-9][a-z0-9-]{2,63}$/
const MINUTE_MS = 60_000
/** In practice sales a "day" is short; people still need this long to register and pay. */
const PRACTICE_NOTICE_MS = 5 * MINUTE_MS
const PRACTICE_LISTING_MS = 3 * MINUTE_MS
/** Land in China sells between these (万元/亩); outside, the unit is probably wrong by 10,000. */
const PLAUSIBLE_PER_MU: readonly [number, number] = [1, 20_000]

export function emptyForm(): Form {
  const times = { registration_from: '', registration_to: '', deposit_deadline: '', listing_from: '', listing_to: '', auction_from: '' }
  return {
    lotId: '', template: '', method: 'LISTING', priceUnit: 'TOTAL', start: '', increment: '', deposit: '', countdown: '',
    reserve: 'SEALED', documents: [], times,
  }
}

/** Fills in what the parcel's announcement says. */
export function fromParcel(form: Form, parcel: Parcel): void {
  form.lotId = `lot-${parcel.parcel_id}`.toLowerCase().replace(/[^a-z0-9-]/g, '-')
  form.method = parcel.method ?? form.method
  form.priceUnit = 'TOTAL'
  form.start = plain(parcel.starting_price_fen)
  form.increment = plain(parcel.increment_fen)
  form.deposit = plain(parcel.deposit_fen)
}

/** Times that keep the template's own notice, listing and registration gap. */
export function fromTemplate(form: Form, rules: RuleSet, now: number): void {
  form.countdown = String(rules.countdown_s)
  form.reserve = rules.reserve
  const practice = rules.day_ms < 3_600_000
  const announced = Math.ceil(now / MINUTE_MS) * MINUTE_MS
  const opens = announced + Math.max((rules.notice_days + 1) * rules.day_ms, practice ? PRACTICE_NOTICE_MS : 0)
  const ends = opens + Math.max((rules.listing_days + 1) * rules.day_ms, practice ? PRACTICE_LISTING_MS : 0)
  const closes = form.method === 'AUCTION' ? opens - MINUTE_MS : ends - rules.registration_gap_days * rules.day_ms
  const set = (name: TimeName, at: number) => (form.times[name] = toField(at))
  set('registration_from', Math.floor(now / 1000) * 1000)
  set('registration_to', closes)
  set('deposit_deadline', closes)
  set('listing_from', opens)
  set('listing_to', ends)
  set('auction_from', opens)
}

/** A stored draft back into the form. */
export function fromDraft(draft: Pick<DraftIn, 'lot_id' | 'rules' | 'timetable' | 'documents'>): Form {
  const { rules, timetable } = draft
  const form = emptyForm()
  Object.assign(form, {
    lotId: draft.lot_id,
    template: rules.template,
    method: rules.method,
    priceUnit: rules.price_unit,
    start: plain(rules.starting_price_fen, rules.price_unit),
    increment: plain(rules.increment_fen, rules.price_unit),
    deposit: plain(rules.deposit['CNY']),
    countdown: String(rules.countdown_s),
    reserve: rules.reserve,
    documents: draft.documents ?? [],
  })
  for (const name of [...LISTING_TIMES, ...AUCTION_TIMES]) {
    const at = timetable[name]
    if (at != null) form.times[name] = toField(at)
  }
  return form
}

function plain(fen: number | null | undefined, unit = 'TOTAL'): string {
  return fen == null ? '' : spoken(fen, unit).replace(/,/g, '')
}

export function errorsOf(form: Form): Errors {
  const errors: Errors = {}
  if (!LOT_ID.test(form.lotId)) errors.lotId = 'badLotId'
  const amount = (name: 'start' | 'increment' | 'deposit', unit: string) => {
    const fen = parseSpoken(form[name], unit)
    if (fen === null || fen === 0) errors[name] = form[name] === '' ? 'required' : 'badAmount'
  }
  amount('start', form.priceUnit)
  amount('increment', form.priceUnit)
  amount('deposit', 'TOTAL')
  if (!/^[1-9]\d{0,4}$/.test(form.countdown)) errors.countdown = 'badAmount'
  for (const name of timesOf(form.method)) if (fromField(form.times[name]) === null) errors[name] = 'required'
  return errors
}

/** The draft that the form means; call only when `errorsOf` is empty. */
export function toDraft(form: Form, parcel: Pick<DraftIn, 'parcel_id' | 'parcel'>, rules: RuleSet, now: number): DraftIn {
  const fen = (text: string, unit: string) => parseSpoken(text, unit) as number
  const times = Object.fromEntries(timesOf(form.method).map((name) => [name, fromField(form.times[name]) as number]))
  // The form was filled before it is saved; the announcement is not later than what it announces.
  const announced = Math.min(now, times['registration_from'] ?? now)
  return {
    lot_id: form.lotId,
    parcel_id: parcel.parcel_id,
    parcel: parcel.parcel,
    rules: {
      ...rules,
      method: form.method,
      price_unit: form.priceUnit,
      increment_unit: form.priceUnit,
      starting_price_fen: fen(form.start, form.priceUnit),
      increment_fen: fen(form.increment, form.priceUnit),
      deposit: { CNY: fen(form.deposit, 'TOTAL') },
      countdown_s: Number(form.countdown),
      reserve: form.reserve,
    },
    timetable: { announced_at: announced, ...times } as Timetable,
    documents: form.documents,
  }
}

/** The price per 亩 when it is so unusual that 元 and 万元 were probably mixed up, else null. */
export function suspectPerMu(form: Form, area: { area_centi_m2: number; floor_area_centi_m2?: number | null }): string | null {
  const fen = parseSpoken(form.start, form.priceUnit)
  if (fen === null || fen === 0) return null
  const value = perMu(totalFen(fen, form.priceUnit, area), area)
  if (value === null) return null
  const number = Number(value.replace(/,/g, ''))
  return number < PLAUSIBLE_PER_MU[0] || number > PLAUSIBLE_PER_MU[1] ? value : null
}
