/** Small logs with keys of their own, for tests. */
import { ed25519 } from '@noble/curves/ed25519.js'
import { base64, concat, fromHex, utf8 } from '../../src/verify/core/bytes'
import { parseNote, readVkey, writeVkey, type Vkey } from '../../src/verify/core/notes'

export const SITE = 'auction.example.cn'
const SEED = new Uint8Array(32).fill(1)
const WITNESS_SEED = new Uint8Array(32).fill(2)

export const siteKey: Vkey = readVkey(writeVkey(SITE, 1, ed25519.getPublicKey(SEED)))
export const witnessKey: Vkey = readVkey(writeVkey('witness.example/w1', 4, ed25519.getPublicKey(WITNESS_SEED)))

/** A checkpoint of this size and root, signed by the site's key, or by another seed's under its name. */
export function noteOf(origin: string, size: number, root: Uint8Array, seed = SEED): string {
  const text = `${origin}\n${size}\n${base64(root)}\n`
  const key = seed === SEED ? siteKey : readVkey(writeVkey(SITE, 1, ed25519.getPublicKey(seed)))
  return `${text}\n\u2014 ${SITE} ${base64(concat(fromHex(key.keyId), ed25519.sign(utf8(text), seed)))}\n`
}

/** The line by which the witness cosigns this note at this time (POSIX s). */
export function cosign(note: string, time: number): string {
  const at = new Uint8Array(8)
  new DataView(at.buffer).setBigUint64(0, BigInt(time))
  const signature = ed25519.sign(utf8(`cosignature/v1\ntime ${time}\n${parseNote(note).text}`), WITNESS_SEED)
  return `\u2014 ${witnessKey.name} ${base64(concat(fromHex(witnessKey.keyId), at, signature))}\n`
}
