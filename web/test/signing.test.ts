import { describe, expect, it } from 'vitest'
import { base64, bidMessage, keyIdOf, makeKey, signBid, uuid } from '../src/live/signing'
// Made by the service (`service.audit.signatures`); the key is that of RFC 6979, A.2.5.
import vector from './bid_vector.json'

const P256 = { name: 'ECDSA', namedCurve: 'P-256' }
const ES256 = { name: 'ECDSA', hash: 'SHA-256' }

function bytes(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0))
}

function spki(): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(vector.spki.match(/../g) as string[], (pair) => parseInt(pair, 16))
}

describe('the signature over a bid', () => {
  it('covers the same bytes that the service verifies', () => {
    expect(new TextDecoder().decode(bidMessage(vector.bid))).toBe(vector.message)
  })
  it('is of the same form: the service’s own signature verifies here', async () => {
    const key = await crypto.subtle.importKey('spki', spki(), P256, false, ['verify'])
    const held = await crypto.subtle.verify(ES256, key, bytes(vector.signature), bidMessage(vector.bid))
    expect(held).toBe(true)
    const other = bidMessage({ ...vector.bid, amount_fen: vector.bid.amount_fen + 1 })
    expect(await crypto.subtle.verify(ES256, key, bytes(vector.signature), other)).toBe(false)
  })
  it('names a key as the service does', async () => {
    expect(await keyIdOf(spki())).toBe(vector.key_id)
  })
  it('is 64 bytes in base64 made by a key that cannot leave', async () => {
    const made = await makeKey()
    expect(made.privateKey.extractable).toBe(false)
    expect(made.publicHex).toMatch(/^3059301306072a8648ce3d020106082a8648ce3d03010703420004[0-9a-f]{128}$/)
    const signature = await signBid(made.privateKey, vector.bid)
    expect(signature).toMatch(/^[A-Za-z0-9+/]{86}==$/)
  })
  it('refuses an amount that is no whole number', () => {
    for (const amount of [1.5, -1, NaN, 2 ** 53]) {
      expect(() => bidMessage({ ...vector.bid, amount_fen: amount })).toThrow(RangeError)
    }
  })
})

describe('helpers', () => {
  it('writes base64', () => expect(base64(new Uint8Array([0, 255, 16]))).toBe('AP8Q'))
  it('makes version 4 UUIDs', () => {
    expect(uuid()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(uuid()).not.toBe(uuid())
  })
})
