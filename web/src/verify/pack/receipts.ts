/** Check 5: every decided bid has its receipt, and there is none besides. */
import { Broken } from '../core/broken'
import { equal, fromUtf8 } from '../core/bytes'
import { parseReceipt } from '../core/proof'
import { leafHash, verifyInclusion } from '../core/tree'
import type { Check } from './check'
import { batchOf, type Head, type NoteOpener } from './heads'
import { rootOf } from './house'
import type { Leaves } from './leaves'
import { MAX_PROOF_BYTES, type Pack } from './packed'

const FOLDER = 'receipts/'
const ENDING = '.tlog-proof'

export interface Decided {
  readonly origin: string
  /** bid_id → seq, of the first time each was decided. */
  readonly bids: ReadonlyMap<string, number>
  readonly leaves: Leaves
  readonly heads: readonly Head[]
}

/** First the receipts in order of name, then the bids that have none, in order of seq. */
export async function checkReceipts(check: Check, pack: Pack, opener: NoteOpener, decided: Decided, tick: (done: number) => void): Promise<void> {
  const missing = new Map(decided.bids)
  let done = 0
  for (const name of pack.folder('receipts')) {
    const bidId = name.slice(FOLDER.length).replace(new RegExp(`${ENDING}$`), '')
    const seq = name.endsWith(ENDING) ? decided.bids.get(bidId) : undefined
    if (seq === undefined) check.fail('a receipt for a bid that the log does not hold', { found: bidId })
    else {
      check.counted += 1
      missing.delete(bidId)
      await prove(check, pack, opener, decided, name, bidId, seq)
    }
    tick((done += 1))
  }
  for (const [bidId, seq] of missing) check.fail('a decided bid has no receipt', { seq, expected: bidId })
  if (decided.bids.size === 0) check.skip('no bid was decided')
}

async function prove(
  check: Check, pack: Pack, opener: NoteOpener, decided: Decided, name: string, bidId: string, seq: number,
): Promise<void> {
  const tooLarge = pack.size(name) > MAX_PROOF_BYTES
  const found = tooLarge ? 'too large' : await whatIsWrong(await pack.read(name), opener, decided, seq)
  if (found !== null) check.fail(`the receipt of bid ${bidId}`, { seq, expected: 'proves its entry', found })
}

async function whatIsWrong(bytes: Uint8Array, opener: NoteOpener, { origin, leaves, heads }: Decided, seq: number): Promise<string | null> {
  try {
    const { extra, index, hashes, note } = parseReceipt(fromUtf8(bytes))
    if (extra === null) return 'no_entry'
    const leaf = leafHash(extra)
    const batch = batchOf(heads, seq)
    if (batch === undefined) return 'no signed head covers its entry'
    const under = await opener.open(note, origin)
    if (under.size !== batch.size) return `head of size ${under.size}, its batch ended at ${batch.size}`
    if (index !== seq || !equal(leaf, leaves.at(seq))) return `holds another entry, at index ${index}`
    if (under.rootHex !== batch.rootHex) return 'another head of the same size'
    verifyInclusion(leaf, index, under.size, hashes, rootOf(under))
    return null
  } catch (error) {
    if (error instanceof Broken) return error.message
    throw error
  }
}
