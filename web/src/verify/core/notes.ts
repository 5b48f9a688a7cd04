/** C2SP signed notes, checkpoints and cosignatures: who signed which tree head, and when. */
import { sha256 } from '@noble/hashes/sha2.js'
import { Broken, hold } from './broken'
import { concat, equal, fromBase64, hex, utf8, whole, type Bytes } from './bytes'
import { verifyEd25519 } from './ed25519'

export const LOG_KEY = 0x01
export const WITNESS_KEY = 0x04

export interface Vkey {
  readonly name: string
  /** Signature type: 0x01 a log's Ed25519, 0x04 a witness's timestamped Ed25519. */
  readonly type: number
  /** Four bytes as eight hex digits. */
  readonly keyId: string
  readonly publicKey: Bytes
  readonly text: string
}

/** `<name>+<8 hex>+<base64>`. Throws Broken: `not_a_vkey`, `key_type_unknown`, `key_id_differs`. */
export function readVkey(text: string): Vkey {
  const match = /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)$/.exec(text.trim())
  hold(match !== null && isName(match[1] as string), 'not_a_vkey')
  const [line, name, keyId, material] = match as unknown as [string, string, string, string]
  const bytes = fromBase64(material)
  const type = bytes[0]
  hold((type === LOG_KEY || type === WITNESS_KEY) && bytes.length === 33, 'key_type_unknown')
  const publicKey = bytes.slice(1)
  hold(hex(keyIdOf(name, type, publicKey)) === keyId, 'key_id_differs')
  return { name, type, keyId, publicKey, text: line }
}

function keyIdOf(name: string, type: number, publicKey: Uint8Array): Uint8Array {
  return sha256(concat(utf8(`${name}\n`), Uint8Array.of(type), publicKey)).subarray(0, 4)
}

/** Key names hold no plus and none of Unicode's spaces. */
function isName(text: string): boolean {
  return text !== '' && !/[+\p{White_Space}]/u.test(text)
}

// ── notes ─────────────────────────────────────────────────────────────────────────────────

export interface SignatureLine {
  readonly name: string
  readonly keyId: string
  /** What follows the key id. */
  readonly signature: Bytes
  /** The line as it stands, without its newline. */
  readonly line: string
}

export interface Note {
  /** What is signed, its last newline included. */
  readonly text: string
  readonly signatures: readonly SignatureLine[]
}

/** A note has sixteen signatures at least before a verifier may refuse it; ours never has a hundred. */
const MAX_SIGNATURES = 100
const MAX_NOTE = 1_000_000

/** The parts of a note, with nothing verified yet. Throws Broken `not_a_note`. */
export function parseNote(note: string): Note {
  hold(note.length <= MAX_NOTE, 'not_a_note', 'too long')
  hold(!/[\u0000-\u0009\u000b-\u001f]/.test(note) && !/\p{Surrogate}/u.test(note), 'not_a_note', 'control characters')
  const cut = note.lastIndexOf('\n\n')
  hold(cut >= 0 && note.endsWith('\n') && cut + 2 < note.length, 'not_a_note', 'no signatures')
  const lines = note.slice(cut + 2, -1).split('\n')
  hold(lines.length <= MAX_SIGNATURES, 'not_a_note', 'too many signatures')
  return { text: note.slice(0, cut + 1), signatures: lines.map(parseSignature) }
}

function parseSignature(line: string): SignatureLine {
  const match = /^\u2014 ([^ ]+) ([^ ]+)$/u.exec(line)
  hold(match !== null && isName(match[1] as string), 'not_a_note', 'a signature line')
  const bytes = fromBase64(match[2] as string)
  hold(bytes.length > 4, 'not_a_note', 'a signature is too short')
  return { name: match[1] as string, keyId: hex(bytes.subarray(0, 4)), signature: bytes.slice(4), line }
}

/**
 * The note's text, signed by at least one of these log keys (type 0x01). Lines of other keys are
 * ignored. Throws Broken: `not_a_note`, `signature_wrong` (a known key's), `not_signed`.
 */
export function openNote(note: string, keys: readonly Vkey[]): { readonly text: string; readonly signers: readonly Vkey[] } {
  const { text, signatures } = parseNote(note)
  const signers = new Set<Vkey>()
  for (const line of signatures) {
    const key = keys.find((each) => each.type === LOG_KEY && each.name === line.name && each.keyId === line.keyId)
    if (key === undefined) continue
    hold(verifyEd25519(line.signature, utf8(text), key.publicKey), 'signature_wrong', line.name)
    signers.add(key)
  }
  hold(signers.size > 0, 'not_signed')
  return { text, signers: [...signers] }
}

// ── checkpoints ───────────────────────────────────────────────────────────────────────────

export interface Checkpoint {
  readonly origin: string
  readonly size: number
  readonly root: Bytes
  /** The three signed lines. */
  readonly text: string
  /** The whole note as it was read. */
  readonly note: string
}

/** Three lines and no extension lines (bid-log §5). Throws Broken `not_a_checkpoint`. */
export function readCheckpoint(text: string, note = text): Checkpoint {
  const lines = text.split('\n')
  hold(lines.length === 4 && lines[3] === '' && lines[0] !== '', 'not_a_checkpoint')
  const [origin, size, root] = lines as [string, string, string]
  try {
    const read = { origin, size: whole(size), root: fromBase64(root), text, note }
    hold(read.root.length === 32, 'not_a_checkpoint')
    return read
  } catch (error) {
    throw error instanceof Broken ? new Broken('not_a_checkpoint', error.message) : error
  }
}

/**
 * The signed head of one log. `origin` absent: of any log of the site whose key this is.
 * Throws Broken: what `openNote` throws, `not_a_checkpoint`, `other_log`.
 */
export function openCheckpoint(note: string, vkey: Vkey, origin?: string): Checkpoint {
  const checkpoint = readCheckpoint(openNote(note, [vkey]).text, note)
  // The key's name is the <site> of every origin it may sign (bid-log §5).
  hold(checkpoint.origin.startsWith(`${vkey.name}/`), 'other_log', checkpoint.origin)
  hold(origin === undefined || checkpoint.origin === origin, 'other_log', checkpoint.origin)
  return checkpoint
}

// ── cosignatures ──────────────────────────────────────────────────────────────────────────

export interface Cosignature {
  readonly name: string
  /** POSIX seconds. */
  readonly time: number
}

/**
 * Every line of these witnesses (keys of type 0x04) on the note, in its order; others are ignored.
 * Throws Broken: `not_a_note`, `cosignature_wrong`.
 */
export function cosignatures(note: string, witnesses: readonly Vkey[]): readonly Cosignature[] {
  const { text, signatures } = parseNote(note)
  const found: Cosignature[] = []
  for (const line of signatures) {
    const key = witnesses.find((each) => each.type === WITNESS_KEY && each.name === line.name && each.keyId === line.keyId)
    if (key !== undefined) found.push({ name: key.name, time: verifyCosignature(text, line, key) })
  }
  return found
}

/** The time (POSIX s) at which this witness signed this checkpoint text; Broken `cosignature_wrong`. */
export function verifyCosignature(text: string, line: SignatureLine, key: Vkey): number {
  hold(line.signature.length === 8 + 64, 'cosignature_wrong', line.name)
  const time = BigInt('0x' + hex(line.signature.subarray(0, 8)))
  hold(time < 1n << 63n, 'cosignature_wrong', 'a time past the end of time')
  const message = utf8(`cosignature/v1\ntime ${time}\n${text}`)
  hold(verifyEd25519(line.signature.subarray(8), message, key.publicKey), 'cosignature_wrong', line.name)
  return Number(time)
}

/** Whether two heads of one log say that it has forked: one size, two roots. */
export function isFork(a: Checkpoint, b: Checkpoint): boolean {
  return a.origin === b.origin && a.size === b.size && !equal(a.root, b.root)
}

/** For people to compare: the SHA-256 of the public key in groups of four hex digits. */
export function fingerprint(vkey: Vkey): string {
  return (hex(sha256(concat(Uint8Array.of(vkey.type), vkey.publicKey))).match(/.{4}/g) as string[]).join(' ')
}

/** The key line back from its parts, for keys made in tests. */
export function writeVkey(name: string, type: number, publicKey: Uint8Array): string {
  const material = btoa(String.fromCharCode(type, ...publicKey))
  return `${name}+${hex(keyIdOf(name, type, publicKey))}+${material}`
}
