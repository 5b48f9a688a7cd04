/** Documents as files: their type by ending, their hash, their size in words. */
import { hex } from '../live/signing'

/** What the office keeps; the service looks into the content itself. */
export const TYPES: Readonly<Record<string, string>> = {
  pdf: 'application/pdf',
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  txt: 'text/plain',
  docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
}
export const ENDINGS = Object.keys(TYPES)
  .map((ending) => '.' + ending)
  .join(',')
const NAME_LENGTH = 200

/** The media type that the name's ending promises; null for what is not taken. */
export function mediaOf(name: string): string | null {
  const ending = /\.([a-z]+)$/i.exec(name)?.[1]?.toLowerCase() ?? ''
  return Object.entries(TYPES).find(([each]) => each === ending)?.[1] ?? null
}

/** The name as the announcement bears it: composed characters, as the log wants them, and bounded. */
export function announcedName(name: string): string {
  const whole = name.normalize('NFC')
  if (whole.length <= NAME_LENGTH) return whole
  const ending = /\.[^.]{1,8}$/.exec(whole)?.[0] ?? ''
  // Whole characters: half a surrogate pair is no text.
  return [...whole].slice(0, NAME_LENGTH / 2 - ending.length).join('') + ending
}

/** SHA-256 in lowercase hex; without WebCrypto, which plain http has not, by our own code. */
export async function hashOf(bytes: ArrayBuffer): Promise<string> {
  const given = globalThis.crypto?.subtle
  if (given) return hex(new Uint8Array(await given.digest('SHA-256', bytes)))
  const { sha256 } = await import('@noble/hashes/sha2.js')
  return hex(sha256(new Uint8Array(bytes)))
}

/** "PDF", "JPEG": what people call the type. */
export function typeWord(media: string): string {
  const ending = Object.keys(TYPES).find((each) => TYPES[each] === media)
  return ending === 'jpg' ? 'JPEG' : (ending ?? media).toUpperCase()
}

export function sizeWord(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`
  if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(1)} KB`
  const words = (bytes / 1024 / 1024).toFixed(1)
  return `${words.endsWith('.0') ? words.slice(0, -2) : words} MB`
}
