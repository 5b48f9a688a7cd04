/** Salted commitments (bid-log §5). */
import { sha256 } from '@noble/hashes/sha2.js'
import { hold } from './broken'
import { concat, hex, utf8 } from './bytes'
import { encode, type Json } from './canonical'

export type CommitmentKind = 'reserve' | 'identity' | 'head-count' | 'deposit'

/** Lowercase hex of the commitment to `value`; `saltHex` is 64 hex digits, else `not_a_salt`. */
export function commitment(kind: CommitmentKind, origin: string, saltHex: string, value: Json): string {
  hold(/^[0-9a-f]{64}$/.test(saltHex), 'not_a_salt')
  return hex(sha256(concat(utf8(`luochui/${kind}/v1\n${origin}\n${saltHex}\n`), encode(value))))
}
