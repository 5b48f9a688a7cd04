/** Amounts and lots in words, for screens. */
import * as money from '../live/money'
import { m } from '.'

/** "2,860 万元", in the unit the price is announced in. */
export function priced(fen: number, unit: string): string {
  return `${money.spoken(fen, unit)} ${unitWord(unit)}`
}

/** A sum that is no price: always 万元. */
export function sum(fen: number): string {
  return `${money.wan(fen)} ${m.value.unit.TOTAL}`
}

export function unitWord(unit: string): string {
  return m.value.unit[unit as money.PriceUnit] ?? unit
}

/** A price in words; per-unit prices say their unit after the amount. */
export function worded(fen: number, unit: string): string {
  const tail = { PER_MU: '/亩', PER_M2: '/平方米', PER_FLOOR_M2: '/平方米(楼面)' }[unit] ?? ''
  return money.daxie(fen) + tail
}
