/**
 * Money and area for people: whole fen in, words and figures out (rules §1).
 *
 * No floating point touches an amount: products and quotients go through BigInt, results are
 * integers below 2^53.
 */

export const MAX_FEN = Number.MAX_SAFE_INTEGER
const FEN_PER_WAN = 1_000_000
const FEN_PER_YUAN = 100
// 1 亩 = 2000/3 m², so one 0.01 m² is 3/200000 亩.
const MU_NUMERATOR = 3n
const MU_DENOMINATOR = 200_000n

export type PriceUnit = 'TOTAL' | 'PER_MU' | 'PER_M2' | 'PER_FLOOR_M2'

/** How many fen make one of the unit that people say aloud: 万元, for prices per m² 元. */
export function fenPerSpoken(unit: string): number {
  return unit === 'PER_M2' || unit === 'PER_FLOOR_M2' ? FEN_PER_YUAN : FEN_PER_WAN
}

/** Nearest integer of a fraction that is not negative; exactly half goes up. */
export function halfUp(numerator: bigint, denominator: bigint): bigint {
  return (2n * numerator + denominator) / (2n * denominator)
}

function grouped(whole: string): string {
  return whole.replace(/\B(?=(\d{3})+(?!\d))/g, ',')
}

/** An integer divided by a power of ten, exact, without trailing zeros: 286163900/1e6 → 286.1639. */
function exact(value: number, scale: number): string {
  const digits = String(scale).length - 1
  const text = String(Math.abs(value)).padStart(digits + 1, '0')
  const whole = text.slice(0, -digits)
  const part = text.slice(-digits).replace(/0+$/, '')
  return (value < 0 ? '-' : '') + grouped(whole) + (part ? '.' + part : '')
}

/** 万元, exact, thousands separated: 2_860_000_000 → "2,860". */
export function wan(fen: number): string {
  return exact(fen, FEN_PER_WAN)
}

/** 元, exact: 286_163_900 → "2,861,639". */
export function yuan(fen: number): string {
  return exact(fen, FEN_PER_YUAN)
}

/** The figures of an amount in the unit it is spoken in. */
export function spoken(fen: number, unit: string): string {
  return exact(fen, fenPerSpoken(unit))
}

/** Fen from what a person typed in 万元 (or 元), or null when it is no exact amount in range. */
export function parseSpoken(text: string, unit: string): number | null {
  // A Chinese keyboard writes ２８８０．５ or 2880。5.
  const plain = text.normalize('NFKC').trim().replace('。', '.')
  const match = /^(\d{1,3}(?:,\d{3})+|\d{1,14})(?:\.(\d{1,6}))?$/.exec(plain)
  if (!match) return null
  const digits = String(fenPerSpoken(unit)).length - 1
  const part = match[2] ?? ''
  if (part.length > digits) return null
  const fen = BigInt((match[1] as string).replace(/,/g, '') + part.padEnd(digits, '0'))
  return fen <= BigInt(MAX_FEN) ? Number(fen) : null
}

// ── 大写 ────────────────────────────────────────────────────────────────────────────────────

const DIGITS = '零壹贰叁肆伍陆柒捌玖'
const PLACES = ['', '拾', '佰', '仟']

/** 1…9999 without leading zeros in words: 1007 → 壹仟零柒. */
function section(value: number): string {
  let words = ''
  let gap = false
  for (let place = 3; place >= 0; place--) {
    const digit = Math.floor(value / 10 ** place) % 10
    if (digit === 0) {
      gap = words !== ''
      continue
    }
    words += (gap ? '零' : '') + DIGITS[digit] + PLACES[place]
    gap = false
  }
  return words
}

/** 1…10^16: sections of four digits, 万 inside 亿. */
function whole(value: number): string {
  const parts: [number, string][] =
    value >= 1e8
      ? [[Math.floor(value / 1e8), '亿'], [value % 1e8, '']]
      : [[Math.floor(value / 1e4), '万'], [value % 1e4, '']]
  const limit = value >= 1e8 ? 1e7 : 1e3
  const [[high, unit], [low]] = parts as [[number, string], [number, string]]
  if (high === 0) return section(low)
  const head = (high >= 1e4 ? whole(high) : section(high)) + unit
  if (low === 0) return head
  // A section that does not begin in its first place is joined by one 零.
  return head + (low < limit ? '零' : '') + (low >= 1e4 ? whole(low) : section(low))
}

/**
 * The amount in words as on a cheque (《正确填写票据和结算凭证的基本规定》): 整 after 元 only, one 零
 * for a run of zeros, 零 before 角 when 元 is zero and before 分 when 角 is zero.
 */
export function daxie(fen: number): string {
  if (!Number.isSafeInteger(fen) || fen < 0) throw new RangeError('not an amount in fen')
  const amount = Math.floor(fen / 100)
  const jiao = Math.floor(fen / 10) % 10
  const cent = fen % 10
  if (fen === 0) return '零元整'
  const head = amount > 0 ? whole(amount) + '元' : ''
  if (jiao === 0 && cent === 0) return head + '整'
  const gap = head !== '' && (jiao === 0 || amount % 10 === 0) ? '零' : ''
  return head + gap + (jiao ? DIGITS[jiao] + '角' : '') + (cent ? DIGITS[cent] + '分' : '')
}

// ── area and derived prices ─────────────────────────────────────────────────────────────────

export interface Area {
  readonly area_centi_m2: number
  readonly floor_area_centi_m2?: number | null
}

/** A price in `unit` as the total in fen, rounded half up to the yuan (as the rules do). */
export function totalFen(amountFen: number, unit: string, area: Area): number {
  const [numerator, denominator] = sizeIn(unit, area)
  if (unit === 'TOTAL') return amountFen
  return Number(halfUp(BigInt(amountFen) * numerator, denominator * 100n) * 100n)
}

function sizeIn(unit: string, area: Area): [bigint, bigint] {
  switch (unit) {
    case 'PER_MU':
      return [BigInt(area.area_centi_m2) * MU_NUMERATOR, MU_DENOMINATOR]
    case 'PER_M2':
      return [BigInt(area.area_centi_m2), 100n]
    case 'PER_FLOOR_M2':
      return [BigInt(area.floor_area_centi_m2 ?? 0), 100n]
    default:
      return [1n, 1n]
  }
}

/** A total as 万元/亩 with two decimals, half up: "62.86"; null without an area. */
export function perMu(totalFenValue: number, area: Area): string | null {
  if (area.area_centi_m2 <= 0) return null
  const size = BigInt(area.area_centi_m2) * MU_NUMERATOR
  const cents = halfUp(BigInt(totalFenValue) * MU_DENOMINATOR, size * 10_000n)
  return fixed2(Number(cents))
}

/** A total as 元/m² of floor (楼面价), whole yuan; null when the floor area is unknown. */
export function perFloorM2(totalFenValue: number, area: Area): string | null {
  const floor = area.floor_area_centi_m2
  return floor ? grouped(String(halfUp(BigInt(totalFenValue), BigInt(floor)))) : null
}

function fixed2(hundredths: number): string {
  const text = String(hundredths).padStart(3, '0')
  return grouped(text.slice(0, -2)) + '.' + text.slice(-2)
}

/** m² with the two decimals it was announced with, trailing zeros cut: "30,333.5". */
export function squareMetres(centi: number): string {
  return exact(centi, 100)
}

/** 亩, two decimals half up: 60,510.61 m² → "90.77". */
export function mu(centi: number): string {
  return fixed2(Number(halfUp(BigInt(centi) * MU_NUMERATOR * 100n, MU_DENOMINATOR)))
}

/** 溢价率 in percent with one decimal, half up: "4.0". */
export function premium(priceFen: number, startFen: number): string {
  const permille = Number(halfUp(BigInt(priceFen - startFen) * 1000n, BigInt(startFen)))
  return grouped(String(Math.floor(permille / 10))) + '.' + (permille % 10)
}

/** How many steps lie between two prices: whole number, or with one decimal when off the grid. */
export function stepsBetween(fromFen: number, toFen: number, stepFen: number): string {
  const tenths = Number(((BigInt(toFen) - BigInt(fromFen)) * 10n) / BigInt(stepFen))
  return tenths % 10 === 0 ? String(tenths / 10) : (tenths / 10).toFixed(1)
}
