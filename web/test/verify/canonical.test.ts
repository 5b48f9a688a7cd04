import { describe, expect, it } from 'vitest'
import { fromUtf8, utf8 } from '../../src/verify/core/bytes'
import { decode, encode, type Json } from '../../src/verify/core/canonical'

const text = (value: unknown) => fromUtf8(encode(value))
const read = (spelling: string): Json => decode(utf8(spelling))

describe('canonical bytes', () => {
  it('orders names by UTF-16 code units: the example of RFC 8785 §3.2.3, without its name that is not NFC', () => {
    const names = ['€', '\r', '1', '😀', '\u0080', 'ö']
    const object = Object.fromEntries(names.map((name) => [name, 'x']))
    expect(Object.keys(JSON.parse(text(object)) as object)).toHaveLength(6)
    expect(text(object)).toBe('{"\\r":"x","1":"x","\u0080":"x","ö":"x","€":"x","😀":"x"}')
    expect(() => encode({ '\ufb33': 'Hebrew Letter Dalet With Dagesh' })).toThrow('not_nfc')
  })

  it('puts an astral name before U+FFxx, as code units and not code points say', () => {
    expect(text({ '\uff5e': 1, '😀': 2 })).toBe('{"😀":2,"\uff5e":1}')
  })

  it('writes the strings and literals of RFC 8785 §3.2.2 as it says', () => {
    const value = { string: '\u20ac$\u000F\u000aA\'\u0042\u0022\u005c\\"/', literals: [true, false] }
    expect(text(value)).toBe('{"literals":[true,false],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}')
    expect(text('\b\t\n\f\r\u0000\u001f\u007f\u2028')).toBe('"\\b\\t\\n\\f\\r\\u0000\\u001f\u007f\u2028"')
  })

  it('writes the integers of RFC 8785 appendix B below 2^53', () => {
    expect(text(0)).toBe('0')
    expect(text(-0)).toBe('0')
    expect(text(9007199254740991)).toBe('9007199254740991')
    expect(text(-9007199254740991)).toBe('-9007199254740991')
    for (const more of [9007199254740992, -9007199254740992, 1e21, 295147905179352830000]) expect(() => encode(more)).toThrow('too_large')
  })

  it('has no other values', () => {
    for (const other of [null, undefined, 0.5, NaN, Infinity, () => 1, Symbol('x'), 5n]) expect(() => encode(other)).toThrow('not_a_value')
    expect(() => encode({ a: null })).toThrow('not_a_value')
    expect(() => encode({ a: undefined })).toThrow('not_a_value')
    expect(() => encode(['\ud800'])).toThrow('not_utf8')
    expect(() => encode('e\u0301')).toThrow('not_nfc')
    expect(() => encode({ 'e\u0301': 1 })).toThrow('not_nfc')
  })

  it('reads back what it writes', () => {
    const value = { at: 1, list: [1, -2, 'ü', true, { deep: [[]] }], '10': {}, '9': '地块' }
    expect(read(text(value))).toEqual(value)
    expect(text(read('{"__proto__":{"a":1},"b":2}'))).toBe('{"__proto__":{"a":1},"b":2}')
  })

  it.each([
    ['a space', '{"a": 1}'],
    ['a newline at the end', '{"a":1}\n'],
    ['another order', '{"b":1,"a":1}'],
    ['a duplicate name', '{"a":1,"a":1}'],
    ['a duplicate name with another value', '{"a":2,"a":1}'],
    ['a duplicate __proto__', '{"__proto__":1,"__proto__":1}'],
    ['an exponent', '{"a":1e3}'],
    ['a fraction of zero', '{"a":1.0}'],
    ['minus zero', '{"a":-0}'],
    ['an escape that is not needed', '{"a":"\\u0041"}'],
    ['an escaped solidus', '{"a":"\\/"}'],
    ['capitals in an escape', '{"a":"\\u000F"}'],
    ['a long escape', '{"a":"\\u000a"}'],
    ['an integer rounded away', '9007199254740993'],
  ])('refuses %s', (_what, spelling) => {
    expect(() => read(spelling)).toThrow(/not_canonical|too_large/)
  })

  it.each([
    ['null', '{"a":null}', 'not_a_value'],
    ['a fraction', '{"a":0.5}', 'not_a_value'],
    ['an integer without end', '1' + '0'.repeat(400), 'not_a_value'],
    ['a decomposed letter', '"e\u0301"', 'not_nfc'],
    ['a lone surrogate', '"\\ud800"', 'not_utf8'],
    ['nothing', '', 'not_json'],
    ['a leading zero', '01', 'not_json'],
    ['a comma too much', '[1,]', 'not_json'],
    ['a byte order mark', '\ufeff{}', 'not_json'],
    ['depth that eats the stack', '['.repeat(100_000) + ']'.repeat(100_000), /too_deep|not_json/],
  ])('refuses %s', (_what, spelling, reason) => {
    expect(() => read(spelling)).toThrow(reason)
  })
})
