import { describe, expect, it } from 'vitest'
import { chance, halfFile, readHalf, seal } from '../src/office/sealing'
// Made by the service (`service.audit.envelopes`), which tests itself against it too.
import vector from './reserve_vector.json'

function bytes(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text.match(/../g) as string[], (pair) => parseInt(pair, 16))
}
const given = {
  salt: bytes(vector.salt),
  nonce: bytes(vector.nonce),
  halves: [bytes(vector.halves[0] as string), bytes(vector.halves[1] as string)],
} as const
const HALF = 'ab'.repeat(32)

describe('a sealed reserve', () => {
  it.each(vector.cases)('is sealed as the service seals it: $amount_fen', async ({ amount_fen, envelope }) => {
    const made = await seal(vector.origin, amount_fen, given)
    expect(made.envelope).toEqual(envelope)
    expect(made.halves).toEqual(vector.halves)
    expect(made.halves.map((half, index) => halfFile(vector.lot_id, index + 1, half))).toEqual(vector.files)
  })
  it('is as long without a reserve as with the largest', async () => {
    const lengths = await Promise.all([null, 1, 2 ** 53 - 1].map(async (amount) => (await seal(vector.origin, amount)).envelope.ciphertext.length))
    expect(new Set(lengths)).toEqual(new Set([288]))
  })
  it('shares nothing with another seal of the same amount', async () => {
    const parts = (await Promise.all([seal(vector.origin, 7), seal(vector.origin, 7)])).map(({ envelope, halves }) => [
      envelope.commitment, envelope.nonce, envelope.ciphertext, ...envelope.half_hashes, ...halves,
    ])
    expect(new Set(parts.flat()).size).toBe(14)
    expect(chance().halves[0]).not.toEqual(chance().halves[0])
  })
  it.each([0, -1, 1.5, NaN, 2 ** 53])('is not made of %s', async (amount) => {
    await expect(seal(vector.origin, amount)).rejects.toThrow(RangeError)
  })
})

describe('the file of a half', () => {
  it('comes back as it was saved, from a Windows editor too', () => {
    expect(readHalf(halfFile('lot-one', 2, HALF), 'lot-one')).toEqual({ half: HALF })
    expect(readHalf(`luochui-half lot-one 2 ${HALF}\r\n`, 'lot-one')).toEqual({ half: HALF })
    expect(readHalf(`  luochui-half lot-one 2 ${HALF}  `, 'lot-one')).toEqual({ half: HALF })
  })
  it('of another lot is named, and so is what is none', () => {
    expect(readHalf(halfFile('lot-two', 1, HALF), 'lot-one')).toEqual({ wrong: 'otherLot' })
    for (const text of ['', HALF, `luochui-half lot-one 3 ${HALF}`, `luochui-half lot-one 1 ${HALF}00`, `luochui-half lot-one 1 ${HALF.toUpperCase()}`]) {
      expect(readHalf(text, 'lot-one')).toEqual({ wrong: 'notAHalf' })
    }
  })
})
