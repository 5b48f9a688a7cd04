/**
 * Amounts, areas and their products (docs/rules.md, "Money"): whole fen, exact, rounded where the rules say so.
 *
 * A product such as price × area leaves 2^53, so it is taken in BigInt; amounts themselves are numbers.
 */
import type { ParcelFacts, RuleSet } from './types'

export const MAX_FEN = Number.MAX_SAFE_INTEGER
const FEN_PER_YUAN = 100n

interface Fraction {
  readonly above: bigint
  readonly below: bigint
}

function halfUp(above: bigint, below: bigint): bigint {
  return (2n * above + below) / (2n * below)
}

/** How many units of `unit` the parcel holds, exactly: 1 亩 = 2000/3 m², areas are in 0.01 m². */
function area(unit: string, parcel: ParcelFacts): Fraction {
  const land = BigInt(parcel.area_centi_m2)
  if (unit === 'PER_MU') return { above: land * 3n, below: 200_000n }
  if (unit === 'PER_M2') return { above: land, below: 100n }
  if (unit === 'PER_FLOOR_M2') return { above: BigInt(parcel.floor_area_centi_m2 ?? 0), below: 100n }
  return { above: 1n, below: 1n }
}

/** The total of a price, half up to the yuan; of a total, the total itself. May leave the range of amounts. */
export function exactTotal(price: number, unit: string, parcel: ParcelFacts): bigint {
  if (unit === 'TOTAL') return BigInt(price)
  const held = area(unit, parcel)
  return halfUp(BigInt(price) * held.above, held.below * FEN_PER_YUAN) * FEN_PER_YUAN
}

export function totalFen(price: number, unit: string, parcel: ParcelFacts): number {
  return Number(exactTotal(price, unit, parcel))
}

/** An amount in another unit: to a total half up to the yuan, to a unit price half up to the fen. */
function converted(amount: number, from: string, to: string, parcel: ParcelFacts): bigint {
  if (from === to) return BigInt(amount)
  if (to === 'TOTAL') return exactTotal(amount, from, parcel)
  const given = area(from, parcel)
  const asked = area(to, parcel)
  if (asked.above === 0n) return 0n
  return halfUp(BigInt(amount) * given.above * asked.below, given.below * asked.above)
}

/** The step in force in the listing or, live, in the timed phase, in the unit of the price. */
export function exactStep(rules: RuleSet, parcel: ParcelFacts, live: boolean): bigint {
  const step = live ? rules.increment_live_fen ?? rules.increment_fen : rules.increment_fen
  return converted(step, rules.increment_unit, rules.price_unit, parcel)
}

export function stepFen(rules: RuleSet, parcel: ParcelFacts, live: boolean): number {
  return Number(exactStep(rules, parcel, live))
}
