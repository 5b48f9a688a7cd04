/**
 * Ed25519 (RFC 8032 §5.1.7), sync, in every browser. Cofactorless and by the bytes of R, as OpenSSL
 * judges: two verifiers that disagree on one crafted signature would disagree on a sale.
 */
import { ed25519 } from '@noble/curves/ed25519.js'
import { sha512 } from '@noble/hashes/sha2.js'
import { concat, equal } from './bytes'
import { keeper } from './points'

const { Point } = ed25519
const ORDER = Point.Fn.ORDER

/** `publicKey` 32 bytes, `signature` R‖S 64 bytes. False for anything that does not hold. */
export function verifyEd25519(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean {
  if (signature.length !== 64 || publicKey.length !== 32) return false
  const r = signature.subarray(0, 32)
  const s = littleEndian(signature.subarray(32))
  if (s >= ORDER) return false
  const key = negated(publicKey)
  if (key === null) return false
  const k = littleEndian(sha512(concat(r, publicKey, message))) % ORDER
  // R is never decoded: what is computed must have been written with these very bytes.
  return equal(Point.BASE.multiplyUnsafe(s).add(key.multiplyUnsafe(k)).toBytes(), r)
}

/** −A. Lenient on y ≥ p and on −0, as OpenSSL is: who makes such a key of his own harms himself. */
const negated = keeper((bytes) => Point.fromBytes(bytes, true).negate())

/**
 * A key under which signatures bind nobody: of small order, or spelled with y ≥ p. Such a key may
 * not stand on a roll. Bytes that are no point at all are not weak: no signature holds for them.
 */
export function isWeak(publicKey: Uint8Array): boolean {
  const last = (publicKey[31] as number) & 0x7f
  const y = littleEndian(concat(publicKey.subarray(0, 31), Uint8Array.of(last)))
  return y >= Point.Fp.ORDER || (negated(publicKey)?.isSmallOrder() ?? false)
}

function littleEndian(bytes: Uint8Array): bigint {
  let text = '0x'
  for (let at = bytes.length - 1; at >= 0; at -= 1) text += (bytes[at] as number).toString(16).padStart(2, '0')
  return BigInt(text)
}
