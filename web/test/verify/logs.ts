/** Small logs with keys of their own, for tests. */
import { ed25519 } from '@noble/curves/ed25519.js'
import { base64, concat, fromHex, utf8, type Bytes } from '../../src/verify/core/bytes'
import { encode } from '../../src/verify/core/canonical'
import { parseNote, readVkey, writeVkey, type Vkey } from '../../src/verify/core/notes'
import { leafHash, rootOf } from '../../src/verify/core/tree'
import { path, subproof } from './proofs'

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

// ── a lot's log with bids in it ─────────────────────────────────────────────────────────────

export const LOT = 'hj-2017-07'
export const ORIGIN = `${SITE}/lot/${LOT}`

export interface Bid {
  readonly bidId: string
  readonly amountFen: number
  readonly refusedFor?: string
}

/** The canonical bytes of a decided bid at this place. */
export function bidEntry(seq: number, { bidId, amountFen, refusedFor }: Bid): Bytes {
  const answer = refusedFor === undefined
    ? { type: 'bid_accepted', bidder_no: 'K7Q3', amount_fen: amountFen, minimum_next_fen: amountFen + 1, closes_at: 9_000 }
    : { type: 'bid_refused', bidder_no: 'K7Q3', amount_fen: amountFen, reason: refusedFor, minimum_fen: amountFen + 1 }
  const command = {
    type: 'place_bid', bid_id: bidId, bidder_no: 'K7Q3', amount_fen: amountFen, seen_seq: 0, jump_confirmed: false,
    received_at: 1_000 + seq, key_id: '0'.repeat(16), signature: 'AA==',
  }
  return encode({ at: 1_001 + seq, command, events: [answer], log: ORIGIN, seq, v: 1 })
}

/** A log of these entries: its heads and proofs at any size, as an honest server gives them. */
export class Log {
  private readonly leaves: readonly Bytes[]
  constructor(readonly entries: readonly Bytes[], readonly seed = SEED) {
    this.leaves = entries.map(leafHash)
  }
  head(size = this.entries.length): string {
    return noteOf(ORIGIN, size, rootOf(this.leaves.slice(0, size)), this.seed)
  }
  receipt(index: number, size = this.entries.length): string {
    const hashes = path(index, this.leaves.slice(0, size)).map((hash) => `${base64(hash)}\n`).join('')
    return `c2sp.org/tlog-proof@v1\nextra ${base64(this.entries[index] as Bytes)}\nindex ${index}\n${hashes}\n${this.head(size)}`
  }
  consistency(from: number, to: number) {
    const proof = subproof(from, this.leaves.slice(0, to), true).map(base64)
    return { log: ORIGIN, from, to, proof, checkpoint: this.head(to) }
  }
}
