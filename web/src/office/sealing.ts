/**
 * Seals a reserve in the browser (docs/decisions/0014): encrypted under two halves of a key that
 * two officials take away. The service gets the hash of each half and no half.
 */
import { hex } from '../live/signing'

export interface Envelope {
  readonly commitment: string
  readonly nonce: string
  readonly ciphertext: string
  readonly half_hashes: readonly [string, string]
}
/** The two halves, 64 hex digits each: whom the first and the second official take away. */
export type Halves = readonly [string, string]

export interface Randomness {
  readonly salt: Bytes
  readonly nonce: Bytes
  readonly halves: readonly [Bytes, Bytes]
}
type Bytes = Uint8Array<ArrayBuffer>

/** Every plaintext is as long: else its ciphertext would tell whether there is a reserve. */
const PLAIN_BYTES = 128
const HALF = /^luochui-half ([a-z0-9][a-z0-9-]{2,63}) ([12]) ([0-9a-f]{64})\r?\n?$/

export function chance(): Randomness {
  const bytes = (length: number) => crypto.getRandomValues(new Uint8Array(length))
  return { salt: bytes(32), nonce: bytes(12), halves: [bytes(32), bytes(32)] }
}

/** amountFen: whole fen above 0; null seals that there is no reserve. origin: of the lot's log. */
export async function seal(origin: string, amountFen: number | null, given = chance()): Promise<{ envelope: Envelope; halves: Halves }> {
  if (amountFen !== null && !(Number.isSafeInteger(amountFen) && amountFen > 0)) throw new RangeError('not a reserve')
  const salt = hex(given.salt)
  const value = `"amount_fen":${amountFen ?? 0},"has_reserve":${amountFen !== null}`
  const plain = utf8(`{${value},"salt":"${salt}"}`.padEnd(PLAIN_BYTES))
  const key = await keyOf(origin, given.halves)
  const algorithm = { name: 'AES-GCM', iv: given.nonce, additionalData: utf8(origin) }
  const [first, second] = given.halves
  return {
    envelope: {
      commitment: await sha256(utf8(`luochui/reserve/v1\n${origin}\n${salt}\n{${value}}`)),
      nonce: hex(given.nonce),
      ciphertext: hex(new Uint8Array(await crypto.subtle.encrypt(algorithm, key, plain))),
      half_hashes: [await sha256(first), await sha256(second)],
    },
    halves: [hex(first), hex(second)],
  }
}

/** The file that an official keeps. place: 1 or 2. */
export function halfFile(lotId: string, place: number, half: string): string {
  return `luochui-half ${lotId} ${place} ${half}\n`
}

/** The half in such a file, or why it is none of this lot's. */
export function readHalf(text: string, lotId: string): { half: string } | { wrong: 'notAHalf' | 'otherLot' } {
  const found = HALF.exec(text.trim())
  if (found === null) return { wrong: 'notAHalf' }
  return found[1] === lotId ? { half: found[3] as string } : { wrong: 'otherLot' }
}

async function keyOf(origin: string, halves: readonly [Bytes, Bytes]): Promise<CryptoKey> {
  const both = new Uint8Array(64)
  both.set(halves[0])
  both.set(halves[1], 32)
  const material = await crypto.subtle.importKey('raw', both, 'HKDF', false, ['deriveKey'])
  // No salt: the input is 64 random bytes already (RFC 5869 §3.1).
  const info = utf8(`luochui/reserve-key/v1\n${origin}`)
  const derivation = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(0), info }
  return crypto.subtle.deriveKey(derivation, material, { name: 'AES-GCM', length: 256 }, false, ['encrypt'])
}

async function sha256(bytes: Bytes): Promise<string> {
  return hex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)))
}

function utf8(text: string): Bytes {
  return new TextEncoder().encode(text) as Bytes
}
