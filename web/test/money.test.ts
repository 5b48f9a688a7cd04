import { describe, expect, it } from 'vitest'
import {
  daxie, mu, parseSpoken, perMu, premium, spoken, stepsBetween, totalFen, wan, yuan,
} from '../src/live/money'

const WAN = 1_000_000

describe('figures', () => {
  it('shows 万元 exactly, with separators and no trailing zeros', () => {
    expect(wan(2860 * WAN)).toBe('2,860')
    expect(wan(286_163_900)).toBe('286.1639')
    expect(wan(0)).toBe('0')
    expect(wan(1)).toBe('0.000001')
    expect(wan(Number.MAX_SAFE_INTEGER)).toBe('9,007,199,254.740991')
    expect(yuan(286_163_900)).toBe('2,861,639')
    expect(yuan(105)).toBe('1.05')
  })
  it('speaks prices per square metre in 元', () => {
    expect(spoken(123_450, 'PER_M2')).toBe('1,234.5')
    expect(spoken(35 * WAN, 'PER_MU')).toBe('35')
  })
})

describe('typed amounts', () => {
  it.each([
    ['2880', 2880 * WAN],
    [' 2,880.5 ', 2_880_500_000],
    ['2880.5', 2_880_500_000],
    ['\uff12\uff18\uff18\uff10\u3002\uff15', 2_880_500_000],
    ['0.000001', 1],
    ['9007199254.740991', Number.MAX_SAFE_INTEGER],
  ])('reads %s', (text, fen) => expect(parseSpoken(text, 'TOTAL')).toBe(fen))
  it.each(['', '-1', '1e3', '2,88', '28.8.0', '1.0000001', '9007199254.740992', 'abc', '.5', '5.', '0x10', '12x'])(
    'refuses %s',
    (text) => expect(parseSpoken(text, 'TOTAL')).toBeNull(),
  )
  it('knows the finest money of a price per square metre', () => {
    expect(parseSpoken('1234.56', 'PER_M2')).toBe(123_456)
    expect(parseSpoken('1234.567', 'PER_M2')).toBeNull()
  })
})

describe('大写', () => {
  it.each([
    [0, '零元整'],
    [5, '伍分'],
    [50, '伍角'],
    [100, '壹元整'],
    [1000, '壹拾元整'],
    [140_950, '壹仟肆佰零玖元伍角'],
    [600_714, '陆仟零柒元壹角肆分'],
    [168_032, '壹仟陆佰捌拾元零叁角贰分'],
    [10_700_053, '壹拾万柒仟元零伍角叁分'],
    [1_640_902, '壹万陆仟肆佰零玖元零贰分'],
    [32_504, '叁佰贰拾伍元零肆分'],
    [2860 * WAN, '贰仟捌佰陆拾万元整'],
    [286_163_900, '贰佰捌拾陆万壹仟陆佰叁拾玖元整'],
    [10_000 * WAN, '壹亿元整'],
    [10_001 * WAN, '壹亿零壹万元整'],
    [10_000_000_100, '壹亿零壹元整'],
    [1_000_100, '壹万零壹元整'],
    [10_001_000, '壹拾万零壹拾元整'],
    [100_000_000 * WAN, '壹万亿元整'],
    [20_300_405_060_00, '贰佰零叁亿零肆拾万伍仟零陆拾元整'],
    [Number.MAX_SAFE_INTEGER, '玖拾万零柒佰壹拾玖亿玖仟贰佰伍拾肆万柒仟肆佰零玖元玖角壹分'],
  ])('%i fen', (fen, words) => expect(daxie(fen)).toBe(words))
  it('refuses what is no amount', () => {
    for (const value of [-1, 0.5, NaN, 2 ** 53]) expect(() => daxie(value)).toThrow(RangeError)
  })
})

describe('area and derived prices (vectors of real notices)', () => {
  const at = (centi: number) => ({ area_centi_m2: centi })
  it('knows 亩', () => {
    expect(mu(6_051_061)).toBe('90.77')
    expect(mu(3_033_350)).toBe('45.50')
  })
  it('multiplies the unit price, half up to the yuan', () => {
    expect(totalFen(35 * WAN, 'PER_MU', at(545_074))).toBe(286_163_900)
    expect(totalFen(14 * WAN, 'PER_MU', at(1_203_800))).toBe(252_798_000)
    expect(totalFen(12 * WAN, 'PER_MU', at(532_900))).toBe(95_922_000)
    expect(totalFen(200_000, 'PER_MU', at(532_900))).toBe(1_598_700)
    expect(totalFen(7, 'TOTAL', at(1))).toBe(7)
  })
  it('divides a total by 亩', () => {
    expect(perMu(1622 * WAN, at(432_754))).toBe('249.87')
    expect(perMu(2860 * WAN, at(3_033_350))).toBe('62.86')
    expect(perMu(1, at(0))).toBeNull()
  })
  it('gives the premium with one decimal', () => {
    expect(premium(2860 * WAN, 2750 * WAN)).toBe('4.0')
    expect(premium(2750 * WAN, 2750 * WAN)).toBe('0.0')
  })
  it('counts steps', () => {
    expect(stepsBetween(2860 * WAN, 2880 * WAN, 20 * WAN)).toBe('1')
    expect(stepsBetween(2860 * WAN, 2870 * WAN, 20 * WAN)).toBe('0.5')
  })
})
