/** The RFC 6962 tree: hashes, roots that grow entry by entry, and both kinds of proof. */
import { sha256 } from '@noble/hashes/sha2.js'
import { hold } from './broken'
import { concat, equal, type Bytes } from './bytes'

const LEAF = Uint8Array.of(0)
const NODE = Uint8Array.of(1)

export const EMPTY_ROOT: Bytes = hash(new Uint8Array())

function hash(bytes: Uint8Array): Bytes {
  return sha256(bytes) as Bytes
}

/** RFC 6962 §2.1: the first byte keeps a leaf from passing for a node. */
export function leafHash(entry: Uint8Array): Bytes {
  return hash(concat(LEAF, entry))
}

export function nodeHash(left: Uint8Array, right: Uint8Array): Bytes {
  return hash(concat(NODE, left, right))
}

/** The right edge of a tree: enough to append to it and to know its root, O(log size) memory. */
export class Frontier {
  /** Roots of full subtrees from the largest to the smallest, one for each bit of `size`. */
  private readonly peaks: Bytes[] = []
  private count = 0

  get size(): number {
    return this.count
  }

  /** `leaf` is a leaf hash, 32 bytes. */
  append(leaf: Uint8Array): void {
    let peak = concat(leaf)
    for (let rest = this.count; rest % 2 === 1; rest = (rest - 1) / 2) peak = nodeHash(this.peaks.pop() as Bytes, peak)
    this.peaks.push(peak)
    this.count += 1
  }

  get root(): Bytes {
    if (this.count === 0) return EMPTY_ROOT
    return this.peaks.reduceRight((right, left) => nodeHash(left, right))
  }
}

/** The root over these leaf hashes. */
export function rootOf(leaves: Iterable<Uint8Array>): Bytes {
  const frontier = new Frontier()
  for (const leaf of leaves) frontier.append(leaf)
  return frontier.root
}

/**
 * The leaf hash stands at `index` of the tree of `size` with this root (RFC 9162 §2.1.3.2).
 * Throws Broken: `index_out_of_range`, `proof_too_short`, `proof_too_long`, `root_differs`.
 */
export function verifyInclusion(leaf: Uint8Array, index: number, size: number, proof: readonly Uint8Array[], root: Uint8Array): void {
  hold(Number.isSafeInteger(index) && Number.isSafeInteger(size) && index >= 0 && index < size, 'index_out_of_range')
  let node = concat(leaf)
  let at = index
  let last = size - 1
  for (const sibling of proof) {
    hold(last > 0, 'proof_too_long')
    hold(sibling.length === 32, 'not_a_hash')
    if (at % 2 === 1 || at === last) {
      node = nodeHash(sibling, node)
      // The last node of a level that has no sibling goes up as it is.
      while (at % 2 === 0 && at !== 0) [at, last] = [half(at), half(last)]
    } else node = nodeHash(node, sibling)
    ;[at, last] = [half(at), half(last)]
  }
  hold(last === 0, 'proof_too_short')
  hold(equal(node, root), 'root_differs')
}

/**
 * The tree of `to` begins with the tree of `from` (RFC 9162 §2.1.4.2). Throws Broken:
 * `size_shrinks`, `proof_too_short`, `proof_too_long`, `old_root_differs`, `root_differs`.
 */
export function verifyConsistency(
  from: number, to: number, proof: readonly Uint8Array[], fromRoot: Uint8Array, toRoot: Uint8Array,
): void {
  hold(Number.isSafeInteger(from) && Number.isSafeInteger(to) && from >= 0 && from <= to, 'size_shrinks')
  if (from === to || from === 0) {
    hold(proof.length === 0, 'proof_too_long')
    hold(from !== 0 || equal(fromRoot, EMPTY_ROOT), 'old_root_differs')
    hold(from !== to || equal(fromRoot, toRoot), 'root_differs')
    return
  }
  hold(proof.every((each) => each.length === 32), 'not_a_hash')
  let at = from - 1
  let last = to - 1
  while (at % 2 === 1) [at, last] = [half(at), half(last)]
  // A full tree of `from` is itself the first node; otherwise the proof names it.
  const rest = at === 0 ? [...proof] : proof.slice(1)
  const first = at === 0 ? fromRoot : proof[0]
  hold(first !== undefined, 'proof_too_short')
  let old = concat(first)
  let fresh = concat(first)
  for (const sibling of rest) {
    hold(last > 0, 'proof_too_long')
    if (at % 2 === 1 || at === last) {
      old = nodeHash(sibling, old)
      fresh = nodeHash(sibling, fresh)
      while (at % 2 === 0 && at !== 0) [at, last] = [half(at), half(last)]
    } else fresh = nodeHash(fresh, sibling)
    ;[at, last] = [half(at), half(last)]
  }
  hold(last === 0, 'proof_too_short')
  hold(equal(old, fromRoot), 'old_root_differs')
  hold(equal(fresh, toRoot), 'root_differs')
}

/** Sizes reach 2^53: no bit operators, which stop at 2^32. */
function half(value: number): number {
  return Math.floor(value / 2)
}
