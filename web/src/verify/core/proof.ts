/** C2SP tlog-proof files: a receipt's entry, its place, and the signed head it stands under. */
import { Broken, hold } from './broken'
import { fromBase64, whole, type Bytes } from './bytes'
import { openCheckpoint, type Checkpoint, type Vkey } from './notes'
import { leafHash, verifyInclusion } from './tree'

export interface Proof {
  /** The `extra` line's bytes: in a receipt, the entry. */
  readonly extra: Bytes | null
  readonly index: number
  /** From the leaf's sibling up to the root's child. */
  readonly hashes: readonly Bytes[]
  /** The signed note, verbatim. */
  readonly note: string
}

const FIRST = 'c2sp.org/tlog-proof@v1'
/** A tree of 2^53 entries is 53 high. */
const MAX_HASHES = 63
const MAX_TEXT = 16 * 1024 * 1024

/** The parts of a proof file, with nothing verified yet. Throws Broken `not_a_proof`. */
export function parseReceipt(text: string): Proof {
  hold(text.length <= MAX_TEXT, 'not_a_proof', 'too long')
  const cut = text.indexOf('\n\n')
  hold(cut >= 0, 'not_a_proof', 'no checkpoint')
  const lines = text.slice(0, cut).split('\n')
  hold(lines.shift() === FIRST, 'not_a_proof', 'the first line')
  const extra = lines[0]?.startsWith('extra ') === true ? (lines.shift() as string).slice(6) : null
  const index = lines.shift() ?? ''
  hold(index.startsWith('index '), 'not_a_proof', 'the index')
  hold(lines.length <= MAX_HASHES, 'not_a_proof', 'too many hashes')
  try {
    const hashes = lines.map(fromBase64)
    hold(hashes.every((each) => each.length === 32), 'not_a_proof', 'a hash of another length')
    return { extra: extra === null ? null : fromBase64(extra), index: whole(index.slice(6)), hashes, note: text.slice(cut + 2) }
  } catch (error) {
    throw error instanceof Broken ? new Broken('not_a_proof', error.message) : error
  }
}

export interface Verified {
  /** The entry's exact bytes. */
  readonly entry: Bytes
  readonly index: number
  readonly checkpoint: Checkpoint
}

/**
 * The entry that the file's `extra` carries stands at `index` under a head that `vkey` signed.
 * `origin` absent: in any log of that site. Throws Broken: `not_a_proof`, `no_entry`, and what
 * `openCheckpoint` and `verifyInclusion` throw.
 */
export function verifyReceipt(text: string, vkey: Vkey, origin?: string): Verified {
  const { extra, index, hashes, note } = parseReceipt(text)
  hold(extra !== null, 'no_entry')
  const checkpoint = openCheckpoint(note, vkey, origin)
  verifyInclusion(leafHash(extra), index, checkpoint.size, hashes, checkpoint.root)
  return { entry: extra, index, checkpoint }
}
