/** Roots and proofs of RFC 6962 §2.1 as they stand there: recursive, and unlike the verifier. */
import type { Bytes } from '../../src/verify/core/bytes'
import { nodeHash } from '../../src/verify/core/tree'

const memo = new Map<Bytes, Map<number, Bytes>>()

const split = (size: number) => 2 ** Math.ceil(Math.log2(size) - 1)
export function mth(d: readonly Bytes[]): Bytes {
  if (d.length === 1) return d[0] as Bytes
  const known = memo.get(d[0] as Bytes)?.get(d.length)
  if (known) return known
  const k = split(d.length)
  const found = nodeHash(mth(d.slice(0, k)), mth(d.slice(k)))
  if (!memo.has(d[0] as Bytes)) memo.set(d[0] as Bytes, new Map())
  memo.get(d[0] as Bytes)?.set(d.length, found)
  return found
}
/** The inclusion proof of entry m. */
export function path(m: number, d: readonly Bytes[]): Bytes[] {
  if (d.length === 1) return []
  const k = split(d.length)
  return m < k ? [...path(m, d.slice(0, k)), mth(d.slice(k))] : [...path(m - k, d.slice(k)), mth(d.slice(0, k))]
}
/** The consistency proof from the first m entries; `whole` true at the top. */
export function subproof(m: number, d: readonly Bytes[], whole: boolean): Bytes[] {
  if (m === d.length) return whole ? [] : [mth(d)]
  const k = split(d.length)
  if (m <= k) return [...subproof(m, d.slice(0, k), whole), mth(d.slice(k))]
  return [...subproof(m - k, d.slice(k), false), mth(d.slice(0, k))]
}
