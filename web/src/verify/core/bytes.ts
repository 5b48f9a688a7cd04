/** Bytes and their spellings. Each value has one spelling; every other is refused. */
import { Broken, hold } from './broken'

export type Bytes = Uint8Array<ArrayBuffer>

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const HEX = Array.from({ length: 256 }, (_none, value) => value.toString(16).padStart(2, '0'))

export function utf8(text: string): Bytes {
  return encoder.encode(text)
}

/** Throws `not_utf8`; a byte order mark stays a character. */
export function fromUtf8(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes)
  } catch {
    throw new Broken('not_utf8')
  }
}

export function hex(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += HEX[byte]
  return text
}

/** Lowercase digits in pairs, else `not_hex`. */
export function fromHex(text: string): Bytes {
  hold(/^(?:[0-9a-f]{2})*$/.test(text), 'not_hex')
  return Uint8Array.from({ length: text.length / 2 }, (_none, at) => parseInt(text.slice(2 * at, 2 * at + 2), 16))
}

const CHUNK = 0x8000

export function base64(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += CHUNK) text += String.fromCharCode(...bytes.subarray(at, at + CHUNK))
  return btoa(text)
}

/** RFC 4648 §4 with padding and zero spare bits (§3.5), else `not_base64`. */
export function fromBase64(text: string): Bytes {
  hold(text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text), 'not_base64')
  let raw: string
  try {
    raw = atob(text)
  } catch {
    throw new Broken('not_base64')
  }
  hold(btoa(raw) === text, 'not_base64', 'spare bits are set')
  // A loop: a pack of a hundred thousand receipts is decoded here, and `from` is ten times slower.
  const bytes = new Uint8Array(raw.length)
  for (let at = 0; at < raw.length; at += 1) bytes[at] = raw.charCodeAt(at)
  return bytes
}

export function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at])
}

export function concat(...parts: readonly Uint8Array[]): Bytes {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** ASCII decimal without leading zeroes, below 2^53, else `not_a_number`. */
export function whole(text: string): number {
  hold(/^(?:0|[1-9][0-9]{0,15})$/.test(text) && Number.isSafeInteger(Number(text)), 'not_a_number')
  return Number(text)
}
