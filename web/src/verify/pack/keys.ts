/** Signatures by the browser's own cryptography where it is sure to judge as everyone does, else by ours. */
import { Broken } from '../core/broken'
import { concat, fromHex, hex } from '../core/bytes'
import { isWeak, verifyEd25519 } from '../core/ed25519'
import { readSpki, verifyBy, verifyFast, type BidderKey } from '../core/signatures'

/** A bidder's key as the roll gives it. Throws Broken: `not_hex` and what `readSpki` throws. */
export function loadKey(spkiHex: string): BidderKey {
  return readSpki(fromHex(spkiHex))
}

const KEPT = 1_000
let native: Promise<boolean> | null = null
const imported = new Map<string, Promise<CryptoKey | null>>()

/**
 * Whether an Ed25519 signature holds. The browser is asked only for a key that is no odd point: for
 * those all implementations that compare R by its bytes give one answer (RFC 8032 §5.1.7).
 */
export async function ed25519Holds(publicKey: Uint8Array, signature: Uint8Array, message: Uint8Array): Promise<boolean> {
  if (signature.length !== 64) return false
  const name = hex(publicKey)
  let key = imported.get(name)
  if (key === undefined) {
    if (imported.size >= KEPT) imported.clear()
    imported.set(name, (key = nativeKey(publicKey)))
  }
  const ready = await key
  if (ready === null) return verifyEd25519(signature, message, publicKey)
  return crypto.subtle.verify({ name: 'Ed25519' }, ready, concat(signature), concat(message))
}

async function nativeKey(publicKey: Uint8Array): Promise<CryptoKey | null> {
  native ??= knowsEd25519()
  if (!(await native) || isWeak(publicKey)) return null
  return crypto.subtle.importKey('raw', concat(publicKey), { name: 'Ed25519' }, false, ['verify']).catch(() => null)
}

/** RFC 8032 §7.1, test 2, and the same with a bit turned: a browser that says yes and no rightly. */
async function knowsEd25519(): Promise<boolean> {
  try {
    const key = fromHex('3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c')
    const good = fromHex(
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
    )
    const bad = good.map((byte, at) => (at === 40 ? byte ^ 1 : byte))
    const ours = await crypto.subtle.importKey('raw', key, { name: 'Ed25519' }, false, ['verify'])
    const verdicts = await Promise.all([good, bad].map((each) => crypto.subtle.verify({ name: 'Ed25519' }, ours, each, Uint8Array.of(0x72))))
    return verdicts[0] === true && verdicts[1] === false
  } catch {
    return false
  }
}

export async function bidHolds(key: BidderKey, signature: Uint8Array, message: Uint8Array): Promise<boolean> {
  if (key.algorithm === 'Ed25519') return ed25519Holds(key.publicKey, signature, message)
  try {
    return await verifyFast(key, signature, message)
  } catch (error) {
    if (error instanceof Broken) throw error
    return verifyBy(key, signature, message)
  }
}
