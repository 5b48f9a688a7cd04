import { describe, expect, it } from 'vitest'
import { base64, concat, equal, fromBase64, fromHex, fromUtf8, hex, whole } from '../../src/verify/core/bytes'

describe('bytes', () => {
  it('reads RFC 4648 vectors, and writes them back', () => {
    for (const [text, coded] of [['', ''], ['f', 'Zg=='], ['fo', 'Zm8='], ['foo', 'Zm9v'], ['foobar', 'Zm9vYmFy']] as const) {
      expect(base64(new TextEncoder().encode(text))).toBe(coded)
      expect(fromUtf8(fromBase64(coded))).toBe(text)
    }
  })

  it('takes one spelling of base64 only', () => {
    for (const other of ['Zg', 'Zg=', 'Zh==', 'Zm9=', ' Zg==', 'Zg==\n', 'Z-==', 'Zg==Zg==', '====', 'Zg===']) {
      expect(() => fromBase64(other), other).toThrow('not_base64')
    }
  })

  it('takes lowercase hex in pairs only', () => {
    expect(hex(fromHex('00ff1a'))).toBe('00ff1a')
    for (const other of ['0', 'FF', '0x00', ' 00', '00\n']) expect(() => fromHex(other), other).toThrow('not_hex')
  })

  it('takes whole decimals below 2^53 only', () => {
    expect(whole('0')).toBe(0)
    expect(whole('9007199254740991')).toBe(2 ** 53 - 1)
    for (const other of ['', '00', '01', '-1', '+1', '1.0', '1e3', '9007199254740992', '99999999999999999', ' 1', '1\n', '１']) {
      expect(() => whole(other), other).toThrow('not_a_number')
    }
  })

  it('refuses bytes that are not UTF-8 and keeps a byte order mark', () => {
    for (const bad of ['ff', 'c080', 'eda080', 'f4908080', 'e282']) expect(() => fromUtf8(fromHex(bad)), bad).toThrow('not_utf8')
    expect(fromUtf8(fromHex('efbbbf41'))).toBe('\ufeffA')
  })

  it('compares and joins', () => {
    expect(equal(Uint8Array.of(1, 2), Uint8Array.of(1, 2))).toBe(true)
    expect(equal(Uint8Array.of(1, 2), Uint8Array.of(1))).toBe(false)
    expect(concat(Uint8Array.of(1), Uint8Array.of(), Uint8Array.of(2))).toEqual(Uint8Array.of(1, 2))
  })
})
