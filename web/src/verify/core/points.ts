/** Public keys as points of a curve, decoded once and made faster when they come again and again. */

interface Precomputable {
  precompute(windowSize?: number, isLazy?: boolean): unknown
}

/** Keys repeat: a sale's bidders by the dozen, a site's key for every head. */
const KEYS_KEPT = 256
/** A table of multiples costs as much as six verifications, and makes each later one three times faster. */
const USES_BEFORE_TABLE = 6
const WINDOW = 4

/** `decode` throws for bytes that are no point; the answer is then null. */
export function keeper<P extends Precomputable>(decode: (bytes: Uint8Array) => P): (bytes: Uint8Array) => P | null {
  const kept = new Map<string, { point: P | null; uses: number }>()
  return (bytes) => {
    const name = String.fromCharCode(...bytes)
    let found = kept.get(name)
    if (found === undefined) {
      if (kept.size >= KEYS_KEPT) kept.clear()
      found = { point: tried(decode, bytes), uses: 0 }
      kept.set(name, found)
    }
    found.uses += 1
    if (found.uses === USES_BEFORE_TABLE) found.point?.precompute(WINDOW, false)
    return found.point
  }
}

function tried<P>(decode: (bytes: Uint8Array) => P, bytes: Uint8Array): P | null {
  try {
    return decode(bytes)
  } catch {
    return null
  }
}
