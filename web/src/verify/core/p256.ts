/**
 * ES256: ECDSA over P-256 and SHA-256 with r‖s as 64 bytes (IEEE P1363, RFC 7518 §3.4), sync.
 *
 * A high s is as good as a low one: browsers sign with either, and OpenSSL accepts both. That the
 * same bid can carry two signatures does no harm: an entry's bytes hold one, and the tree fixes it.
 */
import { p256 } from '@noble/curves/nist.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { keeper } from './points'

const { Point } = p256
const { Fn } = Point

/** `publicKey` is an uncompressed SEC1 point (65 bytes). False for anything that does not hold. */
export function verifyEs256(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean {
  if (signature.length !== 64 || publicKey.length !== 65 || publicKey[0] !== 4) return false
  const r = bigEndian(signature.subarray(0, 32))
  const s = bigEndian(signature.subarray(32))
  if (r === 0n || s === 0n || r >= Fn.ORDER || s >= Fn.ORDER) return false
  const key = pointOf(publicKey)
  if (key === null) return false
  const inverse = Fn.inv(s)
  const digest = Fn.create(bigEndian(sha256(message)))
  const sum = Point.BASE.multiplyUnsafe(Fn.mul(digest, inverse)).add(key.multiplyUnsafe(Fn.mul(r, inverse)))
  return !sum.is0() && Fn.create(sum.toAffine().x) === r
}

/** fromBytes checks that the point lies on the curve; P-256 has no other points to fear. */
const pointOf = keeper((bytes) => Point.fromBytes(bytes))

/** Whether these 65 bytes are a point of the curve. */
export function isPoint(publicKey: Uint8Array): boolean {
  return publicKey.length === 65 && publicKey[0] === 4 && pointOf(publicKey) !== null
}

function bigEndian(bytes: Uint8Array): bigint {
  let text = '0x'
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0')
  return BigInt(text)
}
