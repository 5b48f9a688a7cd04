import { createHash, createPublicKey, generateKeyPairSync, sign, verify as openssl } from 'node:crypto'
import { ed25519 } from '@noble/curves/ed25519.js'
import { p256 } from '@noble/curves/nist.js'
import { describe, expect, it } from 'vitest'
import vector from '../bid_vector.json'
import { base64, concat, fromBase64, fromHex, hex, utf8 } from '../../src/verify/core/bytes'
import { commitment } from '../../src/verify/core/commitments'
import { isWeak, verifyEd25519 } from '../../src/verify/core/ed25519'
import { verifyEs256 } from '../../src/verify/core/p256'
import { bidMessage, readSpki, verifyBy, verifyFast } from '../../src/verify/core/signatures'

// ── Ed25519 ─────────────────────────────────────────────────────────────────────────────────

const RFC_8032 = [
  ['d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a', '', 'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b'],
  ['3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c', '72', '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00'],
  ['fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025', 'af82', '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a'],
] as const

/** What OpenSSL says: the judge of the service and of the first verifier. */
function opensslEd25519(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean {
  const spki = concat(fromHex('302a300506032b6570032100'), publicKey)
  try {
    return openssl(null, message, createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' }), signature)
  } catch {
    return false
  }
}

const { Point } = ed25519
const L = Point.Fn.ORDER
const P = 2n ** 255n - 19n
const little = (value: bigint) => fromHex(value.toString(16).padStart(64, '0')).reverse()
const big = (bytes: Uint8Array) => BigInt('0x' + hex(bytes.slice().reverse()))
/** The eight points whose order divides 8, and their spellings that are not canonical. */
const TORSION = ['26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05']
  .map((text) => Point.fromBytes(fromHex(text)))
  .flatMap((point) => [0n, 1n, 2n, 3n, 4n, 5n, 6n, 7n].map((times) => point.multiplyUnsafe(times)))
const LOW = TORSION.map((point) => point.toBytes())
const ODD = [
  little(P), // y = p, the same as 0
  little(P + 1n), // y = 1
  little((1n << 255n) | 1n), // −0 at y = 1
  little((1n << 255n) | (P - 1n)), // −0 at y = −1
  little((1n << 255n) | P),
  little((1n << 255n) | (P + 1n)),
  little(2n ** 255n - 1n),
  little(2n), // no point of the curve
]

describe('Ed25519', () => {
  it.each(RFC_8032)('takes the RFC 8032 signature of key %s', (key, message, signature) => {
    const [k, m, s] = [fromHex(key), fromHex(message), fromHex(signature)]
    expect(verifyEd25519(s, m, k)).toBe(true)
    for (const at of [0, 31, 32, 62]) {
      const other = s.slice()
      other[at] = (other[at] as number) ^ 1
      expect(verifyEd25519(other, m, k)).toBe(false)
    }
    expect(verifyEd25519(s, concat(m, Uint8Array.of(0)), k)).toBe(false)
  })

  it('refuses S + L, which has the same sum, and every wrong length', () => {
    const [k, m, s] = RFC_8032[1].map(fromHex) as [Uint8Array, Uint8Array, Uint8Array]
    const more = concat(s.slice(0, 32), little(big(s.slice(32)) + L))
    expect(verifyEd25519(more, m, k)).toBe(false)
    expect(opensslEd25519(more, m, k)).toBe(false)
    for (const size of [0, 32, 63]) expect(verifyEd25519(s.slice(0, size), m, k)).toBe(false)
    expect(verifyEd25519(concat(s, Uint8Array.of(0)), m, k)).toBe(false)
    expect(verifyEd25519(s, m, k.slice(1))).toBe(false)
    expect(verifyEd25519(s, m, concat(k, Uint8Array.of(0)))).toBe(false)
  })

  it('knows every low-order key, however it is spelled', () => {
    // The service enrols none, and OpenSSL itself judges them otherwise from version to version.
    for (const key of [...LOW, ...ODD.slice(0, -1)]) expect(isWeak(key), hex(key)).toBe(true)
  })

  it('judges low-order and oddly spelled Rs as OpenSSL does', () => {
    const key = Point.BASE.multiply(123456789n).toBytes()
    for (const r of [...LOW, ...ODD]) {
      for (const s of [0n, 1n, L - 1n, L]) {
        const signature = concat(r, little(s))
        for (const text of ['a', 'b', 'c']) {
          expect(verifyEd25519(signature, utf8(text), key), `${hex(r)} ${text}`).toBe(opensslEd25519(signature, utf8(text), key))
        }
      }
    }
  })

  it('judges keys and Rs with a small-order part as OpenSSL does: without the cofactor', () => {
    const secret = 123456789n
    const nonce = 987654321n
    let [taken, refused] = [0, 0]
    for (const inKey of TORSION) {
      for (const inR of TORSION) {
        const key = Point.BASE.multiply(secret).add(inKey).toBytes()
        const r = Point.BASE.multiply(nonce).add(inR).toBytes()
        const message = utf8('small order')
        const k = big(createHash('sha512').update(concat(r, key, message)).digest()) % L
        const signature = concat(r, little((nonce + k * secret) % L))
        const ours = verifyEd25519(signature, message, key)
        expect(ours).toBe(opensslEd25519(signature, message, key))
        if (ours) taken += 1
        else refused += 1
      }
    }
    expect(taken).toBeGreaterThan(0)
    expect(refused).toBeGreaterThan(0)
  })
})

// ── ES256 ───────────────────────────────────────────────────────────────────────────────────

const N = p256.Point.Fn.ORDER
const wide = (value: bigint) => fromHex(value.toString(16).padStart(64, '0'))

function pair() {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const spki = new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }))
  return { spki, point: spki.slice(26), publicKey, signed: (m: Uint8Array) => new Uint8Array(sign('sha256', m, { key: privateKey, dsaEncoding: 'ieee-p1363' })) }
}

describe('ES256 with r‖s', () => {
  const { point, publicKey, signed } = pair()
  const message = utf8('one bid')
  const signature = signed(message)
  const [r, s] = [BigInt('0x' + hex(signature.slice(0, 32))), BigInt('0x' + hex(signature.slice(32)))]
  const judge = (given: Uint8Array) => openssl('sha256', message, { key: publicKey, dsaEncoding: 'ieee-p1363' }, given)

  it('takes what OpenSSL signs, with s low and s high', () => {
    expect(verifyEs256(signature, message, point)).toBe(true)
    const mirrored = concat(wide(r), wide(N - s))
    expect(judge(mirrored)).toBe(true)
    expect(verifyEs256(mirrored, message, point)).toBe(true)
  })

  it('takes the signature of RFC 6979 A.2.5', () => {
    const key = fromHex('0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb67903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299')
    const found = fromHex('efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8')
    expect(verifyEs256(found, utf8('sample'), key)).toBe(true)
    expect(verifyEs256(found, utf8('samples'), key)).toBe(false)
  })

  it.each([
    ['r = 0', concat(wide(0n), wide(s))],
    ['s = 0', concat(wide(r), wide(0n))],
    ['both 0', new Uint8Array(64)],
    ['r = n', concat(wide(N), wide(s))],
    ['s = n', concat(wide(r), wide(N))],
    ['s + 1', concat(wide(r), wide(s + 1n))],
    ['r and s all ones', new Uint8Array(64).fill(255)],
    ['63 bytes', signature.slice(1)],
    ['65 bytes', concat(signature, Uint8Array.of(0))],
    ['65 bytes with a zero before', concat(Uint8Array.of(0), signature)],
    ['nothing', new Uint8Array()],
    ['its DER spelling', fromHex('3044' + '0220' + hex(wide(r)) + '0220' + hex(wide(s)))],
  ])('refuses %s', (_what, given) => {
    expect(verifyEs256(given, message, point)).toBe(false)
    if (given.length === 64) expect(judge(given)).toBe(false)
  })

  it('refuses keys that are no points, and the other spellings of a point', () => {
    const off = point.slice()
    off[64] = (off[64] as number) ^ 1
    for (const key of [off, new Uint8Array(65), concat(Uint8Array.of(2), point.slice(1, 33)), point.slice(1), Uint8Array.of(0)]) {
      expect(verifyEs256(signature, message, key)).toBe(false)
    }
  })

  it('judges flipped bits as OpenSSL does', () => {
    for (let bit = 0; bit < 512; bit += 7) {
      const given = signature.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte))
      expect(verifyEs256(given, message, point)).toBe(false)
    }
  })
})

// ── bids ────────────────────────────────────────────────────────────────────────────────────

describe('bids', () => {
  it('reads the two kinds of keys in their one spelling', () => {
    const { spki, point } = pair()
    const key = readSpki(spki)
    expect(key).toMatchObject({ algorithm: 'ES256', publicKey: point })
    expect(key.keyId).toBe(createHash('sha256').update(spki).digest('hex').slice(0, 16))
    const ed = generateKeyPairSync('ed25519').publicKey.export({ format: 'der', type: 'spki' })
    expect(readSpki(new Uint8Array(ed)).algorithm).toBe('Ed25519')
    for (const other of [spki.slice(1), concat(spki, Uint8Array.of(0)), new Uint8Array(ed).slice(0, 43), new Uint8Array()]) {
      expect(() => readSpki(other)).toThrow('not_a_key')
    }
  })

  it('refuses keys that bind nobody', () => {
    const spki = (key: Uint8Array) => concat(fromHex('302a300506032b6570032100'), key)
    for (const key of [...LOW, ...ODD.slice(0, 7), little(P + 2n)]) expect(() => readSpki(spki(key)), hex(key)).toThrow('weak_key')
    expect(readSpki(spki((TORSION[1] as (typeof TORSION)[0]).add(Point.BASE).toBytes())).algorithm).toBe('Ed25519')
    const off = pair().spki
    off[90] = (off[90] as number) ^ 1
    expect(() => readSpki(off)).toThrow('not_on_curve')
  })

  it('holds the vector that the service signed', () => {
    const key = readSpki(fromHex(vector.spki))
    expect(key.keyId).toBe(vector.key_id)
    const message = bidMessage(vector.bid)
    expect(new TextDecoder().decode(message)).toBe(vector.message)
    expect(verifyBy(key, fromBase64(vector.signature), message)).toBe(true)
    expect(verifyBy(key, fromBase64(vector.signature), bidMessage({ ...vector.bid, seen_seq: 18 }))).toBe(false)
  })

  it('verifies by the browser or by itself, with one verdict', async () => {
    const { spki, signed } = pair()
    const key = readSpki(spki)
    const message = bidMessage({ amount_fen: 1, bid_id: 'x', bidder_no: 'K7Q3', jump_confirmed: false, log: 'a/lot/b', seen_seq: 0 })
    expect(new TextDecoder().decode(message)).toBe('luochui/bid/v1\n{"amount_fen":1,"bid_id":"x","bidder_no":"K7Q3","jump_confirmed":false,"log":"a/lot/b","seen_seq":0}')
    const good = signed(message)
    const zero = concat(new Uint8Array(32), good.slice(32))
    for (const [signature, verdict] of [[good, true], [zero, false], [good.slice(1), false]] as const) {
      expect(verifyBy(key, signature, message)).toBe(verdict)
      expect(await verifyFast(key, signature, message)).toBe(verdict)
    }
    expect(base64(fromBase64(base64(good)))).toBe(base64(good))
  })

  it('commits as bid-log §5 writes it', () => {
    const salt = '00'.repeat(32)
    const bytes = 'luochui/reserve/v1\na.example/lot/b\n' + salt + '\n{"amount_fen":0,"has_reserve":false}'
    expect(commitment('reserve', 'a.example/lot/b', salt, { has_reserve: false, amount_fen: 0 })).toBe(createHash('sha256').update(bytes).digest('hex'))
    expect(() => commitment('reserve', 'x', 'AB', {})).toThrow('not_a_salt')
  })
})
