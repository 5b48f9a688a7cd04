/**
 * Does a newly seen head continue the history this browser has seen? Only signed notes can say that
 * it does not: a server that cannot be reached, or answers nonsense, proves nothing.
 */
import { Broken } from '../verify/core/broken'
import { equal, fromBase64, fromHex, hex } from '../verify/core/bytes'
import { openCheckpoint, type Checkpoint, type Vkey } from '../verify/core/notes'
import { verifyConsistency } from '../verify/core/tree'
import type { KeptHead } from './store'

export interface ConsistencyAnswer {
  readonly log: string
  readonly from: number
  readonly to: number
  readonly proof: readonly string[]
  readonly checkpoint: string
}

/** Asks the service; rejects when it does not answer with such a proof. */
export type Prove = (from: number, to: number) => Promise<ConsistencyAnswer>

export type Meeting =
  | { readonly is: 'FIRST' | 'SAME' | 'CONTINUED' }
  /** The service did not answer, or not usably: to be asked again. */
  | { readonly is: 'UNKNOWN'; readonly why: string }
  /** Two signed notes that no one log can have. */
  | { readonly is: 'TWO_HEADS' | 'NOT_CONSISTENT'; readonly held: string; readonly shown: string; readonly more: string }

export const headFrom = ({ origin, size, root, note }: Checkpoint): KeptHead => ({ origin, size, root: hex(root), note })

/** `seen` is verified already: signed by one of `keys`, for the log of `kept`. */
export async function meet(kept: KeptHead | null, seen: Checkpoint, keys: readonly Vkey[], prove: Prove): Promise<Meeting> {
  if (kept === null) return { is: 'FIRST' }
  if (kept.size === seen.size) {
    return equal(fromHex(kept.root), seen.root) ? { is: 'SAME' } : { is: 'TWO_HEADS', held: kept.note, shown: seen.note, more: '' }
  }
  const found = await connect(kept, seen, keys, prove)
  // A proof that does not reach is asked for once more: a broken answer must not cry wolf.
  return found.is === 'NOT_CONSISTENT' ? connect(kept, seen, keys, prove) : found
}

async function connect(kept: KeptHead, seen: Checkpoint, keys: readonly Vkey[], prove: Prove): Promise<Meeting> {
  const head = headFrom(seen)
  const [small, large] = kept.size < head.size ? [kept, head] : [head, kept]
  let answer: ConsistencyAnswer
  let signed: Checkpoint
  try {
    answer = await prove(small.size, large.size)
    signed = openWithOne(answer.checkpoint, keys, seen.origin)
  } catch (error) {
    return { is: 'UNKNOWN', why: error instanceof Broken ? error.reason : 'unreachable' }
  }
  if (signed.size !== large.size) return { is: 'UNKNOWN', why: 'other_size' }
  if (hex(signed.root) !== large.root) return { is: 'TWO_HEADS', held: large.note, shown: signed.note, more: kept.note }
  try {
    verifyConsistency(small.size, large.size, answer.proof.map(fromBase64), fromHex(small.root), fromHex(large.root))
    return { is: 'CONTINUED' }
  } catch (error) {
    if (error instanceof Broken && (error.reason === 'not_base64' || error.reason === 'not_a_hash')) return { is: 'UNKNOWN', why: error.reason }
    return { is: 'NOT_CONSISTENT', held: kept.note, shown: seen.note, more: JSON.stringify(answer) }
  }
}

/** The checkpoint under whichever of the site's keys signed it; throws the last key's reason. */
export function openWithOne(note: string, keys: readonly Vkey[], origin?: string): Checkpoint {
  let last: unknown = new Broken('not_signed')
  for (const key of keys) {
    try {
      return openCheckpoint(note, key, origin)
    } catch (error) {
      last = error
    }
  }
  throw last
}
