/** A bidder's key and signature (bid-log §5): what is signed, by which key, and whether it holds. */
import { sha256 } from '@noble/hashes/sha2.js'
import { hold } from './broken'
import { concat, equal, fromHex, hex, utf8, type Bytes } from './bytes'
import { encode } from './canonical'
import { isWeak, verifyEd25519 } from './ed25519'
import { isPoint, verifyEs256 } from './p256'

export interface BidderKey {
  readonly algorithm: 'ES256' | 'Ed25519'
  /** SEC1 uncompressed point (65 bytes) or RFC 8032 public key (32 bytes). */
  readonly publicKey: Bytes
  readonly spki: Bytes
  /** First 16 hex digits of SHA-256 of the SPKI DER. */
  readonly keyId: string
}

/** SubjectPublicKeyInfo up to the key itself: DER leaves no choice of bytes (RFC 5480, RFC 8410). */
const P256_HEAD = fromHex('3059301306072a8648ce3d020106082a8648ce3d030107034200')
const ED25519_HEAD = fromHex('302a300506032b6570032100')

/**
 * Throws Broken: `not_a_key` for another kind of key or another spelling, `not_on_curve` (P-256),
 * `weak_key` (Ed25519 of small order).
 */
export function readSpki(spki: Uint8Array): BidderKey {
  const p256 = fits(spki, P256_HEAD, 65)
  hold(p256 || fits(spki, ED25519_HEAD, 32), 'not_a_key')
  const head = p256 ? P256_HEAD : ED25519_HEAD
  const publicKey = spki.slice(head.length) as Bytes
  hold(!p256 || isPoint(publicKey), 'not_on_curve')
  hold(p256 || !isWeak(publicKey), 'weak_key')
  return {
    algorithm: p256 ? 'ES256' : 'Ed25519',
    publicKey,
    spki: concat(spki),
    keyId: hex(sha256(spki)).slice(0, 16),
  }
}

function fits(spki: Uint8Array, head: Uint8Array, rest: number): boolean {
  return spki.length === head.length + rest && equal(spki.subarray(0, head.length), head)
}

export interface SignedBid {
  readonly amount_fen: number
  readonly bid_id: string
  readonly bidder_no: string
  readonly jump_confirmed: boolean
  readonly log: string
  readonly seen_seq: number
}

const BID = utf8('luochui/bid/v1\n')

/** The bytes a bidder signs. */
export function bidMessage({ amount_fen, bid_id, bidder_no, jump_confirmed, log, seen_seq }: SignedBid): Bytes {
  return concat(BID, encode({ amount_fen, bid_id, bidder_no, jump_confirmed, log, seen_seq }))
}

/** `signature`: 64 raw bytes. */
export function verifyBy(key: BidderKey, signature: Uint8Array, message: Uint8Array): boolean {
  const verify = key.algorithm === 'ES256' ? verifyEs256 : verifyEd25519
  return verify(signature, message, key.publicKey)
}

/**
 * The same by the browser's own cryptography where it exists, which is tens of times faster for
 * many signatures; falls back to `verifyBy`. ES256 only: browsers differ on odd Ed25519 points.
 */
export async function verifyFast(key: BidderKey, signature: Uint8Array, message: Uint8Array): Promise<boolean> {
  const native = key.algorithm === 'ES256' && signature.length === 64 ? await nativeKey(key) : null
  if (native === null) return verifyBy(key, signature, message)
  return crypto.subtle.verify({ name: 'ECDSA', hash: 'SHA-256' }, native, concat(signature), concat(message))
}

const NATIVE_KEPT = 4_096
const natives = new Map<string, Promise<CryptoKey | null>>()

/** Null without a secure context, or for a point that is none: then the slow path decides. */
function nativeKey({ publicKey }: BidderKey): Promise<CryptoKey | null> {
  if (typeof crypto === 'undefined' || crypto.subtle === undefined) return Promise.resolve(null)
  const name = hex(publicKey)
  let found = natives.get(name)
  if (found === undefined) {
    if (natives.size >= NATIVE_KEPT) natives.clear()
    found = crypto.subtle.importKey('raw', publicKey, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['verify']).catch(() => null)
    natives.set(name, found)
  }
  return found
}
