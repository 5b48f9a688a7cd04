/**
 * The bidder's signature over a bid (bid-log §5): ES256, raw r‖s, by a key that cannot leave
 * the browser.
 */

export interface BidToSign {
  readonly amount_fen: number
  readonly bid_id: string
  readonly bidder_no: string
  readonly jump_confirmed: boolean
  readonly log: string
  readonly seen_seq: number
}

const DOMAIN = 'luochui/bid/v1\n'
const P256: EcKeyGenParams = { name: 'ECDSA', namedCurve: 'P-256' }
const ES256: EcdsaParams = { name: 'ECDSA', hash: 'SHA-256' }

/** The bytes that are signed: the domain line and RFC 8785 JSON, whose keys stand in order. */
export function bidMessage(bid: BidToSign): Uint8Array<ArrayBuffer> {
  for (const whole of [bid.amount_fen, bid.seen_seq]) {
    if (!Number.isSafeInteger(whole) || whole < 0) throw new RangeError('not a whole number')
  }
  const text =
    `{"amount_fen":${bid.amount_fen},"bid_id":${JSON.stringify(bid.bid_id)},` +
    `"bidder_no":${JSON.stringify(bid.bidder_no)},"jump_confirmed":${bid.jump_confirmed === true},` +
    `"log":${JSON.stringify(bid.log)},"seen_seq":${bid.seen_seq}}`
  return new TextEncoder().encode(DOMAIN + text)
}

/** 64 bytes as base64, as the wire takes it. */
export async function signBid(key: CryptoKey, bid: BidToSign): Promise<string> {
  return base64(new Uint8Array(await crypto.subtle.sign(ES256, key, bidMessage(bid))))
}

export interface NewKey {
  readonly privateKey: CryptoKey
  /** SPKI DER in lowercase hex. */
  readonly publicHex: string
  readonly keyId: string
}

/** Signing keys need a secure context: https, or the machine's own address. */
export function canSign(): boolean {
  return typeof crypto !== 'undefined' && crypto.subtle !== undefined
}

/** A new key pair; the private half is not extractable. */
export async function makeKey(): Promise<NewKey> {
  const pair = await crypto.subtle.generateKey(P256, false, ['sign', 'verify'])
  const spki = new Uint8Array(await crypto.subtle.exportKey('spki', pair.publicKey))
  return { privateKey: pair.privateKey, publicHex: hex(spki), keyId: await keyIdOf(spki) }
}

/** The first 16 hex digits of SHA-256 of the SPKI DER. */
export async function keyIdOf(spki: Uint8Array<ArrayBuffer>): Promise<string> {
  return hex(new Uint8Array(await crypto.subtle.digest('SHA-256', spki))).slice(0, 16)
}

export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

export function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
}

/** A random UUID; crypto.randomUUID is younger than the browsers we promise. */
export function uuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80
  const text = hex(bytes)
  const cut = [0, 8, 12, 16, 20, 32]
  return cut.slice(1).map((end, at) => text.slice(cut[at], end)).join('-')
}
