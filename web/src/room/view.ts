/** What the room component draws: the same for a live sale and for a replay. */
import type { ComputedRef, Ref, ShallowRef } from 'vue'
import type { AcceptedQuote } from '../api/wire'
import type { Heard, Recovery } from '../live/channel'
import type { Bid, Choice, Link, State } from '../live/machine'
import type { KeptReceipt } from '../live/vault'

export interface LineFigures {
  readonly latencyMs: number | null
  readonly ageMs: number
  readonly wallAheadMs: number | null
}

export interface RoomView {
  readonly kind: 'live' | 'replay'
  /** There is no such lot. */
  readonly missing: Ref<boolean>
  readonly heard: ShallowRef<Heard>
  readonly link: Ref<Link | 'replay'>
  /** Server ms, ticking; never goes back while live. */
  readonly now: Ref<number>
  readonly line: ShallowRef<LineFigures> | null
  readonly recovery: ShallowRef<Recovery | null> | null
  /** Fetches the quotes before the first that is known. */
  readonly loadEarlier: (() => Promise<void>) | null
  readonly bidding: Bidding | null
}

export interface Bidding {
  readonly state: ShallowRef<State>
  /** Monotonic ms, ticking with `now`. */
  readonly monotonic: Ref<number>
  readonly receipts: ShallowRef<readonly KeptReceipt[]>
  readonly keyReady: Ref<boolean>
  readonly canSign: boolean
  readonly outbid: Ref<boolean>
  /** Whether a signed-in bidder may apply or sign in to become one. */
  readonly inFlight: ComputedRef<Bid | null>
  choose(choice: Choice): void
  press(): void
  typeAgain(text: string): void
  cancel(): void
  optIn(join: boolean): void
  enableKey(): Promise<void>
  takeOver(): void
}

/** A row of the history: an accepted quote, or the extension that it caused. */
export type Row =
  | { readonly kind: 'quote'; readonly key: string; readonly quote: AcceptedQuote }
  | { readonly kind: 'extension'; readonly key: string; readonly seq: number; readonly closesAt: number; readonly number: number }

/** Newest first; an extension stands above the quote that caused it. */
export function historyRows(quotes: readonly AcceptedQuote[], extensions: number): Row[] {
  const rows: Row[] = []
  let number = extensions
  for (let at = quotes.length - 1; at >= 0; at--) {
    const quote = quotes[at] as AcceptedQuote
    const before = quotes[at - 1]
    const extended =
      quote.stage === 'TIMED' && (before === undefined || before.stage !== 'TIMED' || quote.closes_at > before.closes_at)
    if (extended && number > 0) {
      rows.push({ kind: 'extension', key: `e${quote.seq}`, seq: quote.seq, closesAt: quote.closes_at, number })
      number -= 1
    }
    rows.push({ kind: 'quote', key: `q${quote.seq}`, quote })
  }
  return rows
}
