/**
 * Canonical bytes (bid-log §3): RFC 8785 JSON of objects, arrays, NFC strings, booleans and
 * integers with |n| < 2^53. Nothing else is a value, and each value has exactly one spelling.
 */
import { Broken, hold } from './broken'
import { equal, fromUtf8, utf8, type Bytes } from './bytes'

export type Json = string | number | boolean | readonly Json[] | JsonObject
export type JsonObject = { readonly [name: string]: Json }

/** An entry nests seven deep; more is an attack on the stack. */
const MAX_DEPTH = 64

/**
 * The value whose canonical bytes these are. Throws Broken: `not_utf8`, `not_json`, `not_canonical`
 * (spaces, order, exponents, duplicate names, other escapes), or what `encode` throws.
 *
 * JSON.parse takes many spellings for one value, so what it read is written again and compared:
 * a duplicate name is shorter when rewritten, an exponent or a fraction of zero differs.
 */
export function decode(bytes: Uint8Array): Json {
  const text = fromUtf8(bytes)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new Broken('not_json')
  }
  hold(equal(encode(value), bytes), 'not_canonical')
  return value as Json
}

/** Throws Broken: `not_a_value` (null, a fraction, undefined …), `too_large`, `not_nfc`, `too_deep`. */
export function encode(value: unknown): Bytes {
  return utf8(write(value, 0))
}

function write(value: unknown, depth: number): string {
  hold(depth <= MAX_DEPTH, 'too_deep')
  if (typeof value === 'string') return writeText(value)
  if (typeof value === 'boolean') return value ? 'true' : 'false'
  if (typeof value === 'number') return writeNumber(value)
  if (Array.isArray(value)) return `[${value.map((each) => write(each, depth + 1)).join(',')}]`
  hold(typeof value === 'object' && value !== null, 'not_a_value', String(value))
  const object = value as Record<string, unknown>
  // JavaScript compares strings by UTF-16 code units, which is the order of RFC 8785 §3.2.3.
  const names = Object.keys(object).sort()
  return `{${names.map((name) => `${writeText(name)}:${write(object[name], depth + 1)}`).join(',')}}`
}

function writeNumber(value: number): string {
  hold(Number.isFinite(value) && Math.floor(value) === value, 'not_a_value', 'a fraction')
  hold(Number.isSafeInteger(value), 'too_large')
  return value === 0 ? '0' : String(value)
}

const PLAIN = /^[\u0020-\u02ff]*$/

/** JSON.stringify escapes exactly what RFC 8785 §3.2.2.2 escapes, lone surrogates apart. */
function writeText(text: string): string {
  if (!PLAIN.test(text)) {
    hold(!/\p{Surrogate}/u.test(text), 'not_utf8', 'a lone surrogate')
    hold(text.normalize('NFC') === text, 'not_nfc')
  }
  return JSON.stringify(text)
}

// ── looking into a decoded value ──────────────────────────────────────────────────────────

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && !Array.isArray(value)
}
