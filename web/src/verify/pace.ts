/** How long it takes: what was measured, for telling people beforehand and meanwhile. */
import type { Progress } from './verify'

/** Chromium on one busy core of a small server read 1.2 million bytes of a pack a second; a PC is taken to do better. */
const BYTES_PER_SECOND = 2_000_000

/** From here on the page says beforehand how long it takes. */
export const LARGE_BYTES = 20_000_000

export function minutesFor(bytes: number): number {
  return Math.max(1, Math.round(bytes / BYTES_PER_SECOND / 60))
}

/** Reading the receipts costs about this share of the whole. */
const ENTRIES_SHARE = 0.45

/** Share of the whole that is done, 0 to 1. */
export function shareDone({ phase, done, of }: Progress): number {
  const part = of > 0 ? Math.min(1, done / of) : 0
  if (phase === 'opening') return 0.02
  if (phase === 'entries') return 0.02 + part * (ENTRIES_SHARE - 0.02)
  if (phase === 'receipts') return ENTRIES_SHARE + part * (0.97 - ENTRIES_SHARE)
  return 0.97
}

/** Seconds still to go, or null while nothing can be said. */
export function secondsLeft(progress: Progress, elapsedMs: number): number | null {
  const share = shareDone(progress)
  if (elapsedMs < 3_000 || share < 0.04) return null
  return Math.ceil(((elapsedMs / share) * (1 - share)) / 1_000)
}
