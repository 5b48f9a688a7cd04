/** Check 12: the hammer fell where it had to, and nothing came after the seal (docs/verify.md). */
import { exactTotal } from './money'
import type { Tally } from './tally'
import type { CommandOf, Event, LotEntry, ParcelFacts, RuleSet } from './types'

interface Quote {
  readonly bidder_no: string
  readonly amount_fen: number
}
type At<Thing> = Thing & { readonly seq: number }

/** Gathers from the log's own words, not from the rules: who checks the result needs no state. */
export class Result {
  private parcel: ParcelFacts | null = null
  private rules: RuleSet | null = null
  private stage = 'ANNOUNCED'
  private highest: Quote | null = null
  private hammer: At<Quote> | null = null
  private total: At<{ readonly total_fen: number }> | null = null
  private failed: At<{ readonly reason: string }> | null = null
  private reserve: CommandOf<'open_reserve'> | null = null
  private sealedAt: number | null = null
  private last = -1

  constructor(private readonly check: Tally) {}

  see({ seq, command, events }: LotEntry): void {
    this.last = seq
    if (command.type === 'publish_lot') this.parcel = command.lot
    if (command.type === 'publish_lot' || command.type === 'supplement_lot') this.rules = command.rules
    if (command.type === 'open_reserve') this.reserve = command
    for (const event of events) this.take(seq, event)
  }

  private take(seq: number, event: Event): void {
    switch (event.type) {
      case 'stage_changed':
        this.stage = event.to
        return
      case 'bid_accepted':
        if (this.highest === null || event.amount_fen > this.highest.amount_fen) this.highest = event
        return
      case 'hammer_fell':
        if (this.hammer !== null) this.check.fail('the hammer fell twice', { seq })
        this.hammer = { ...event, seq }
        return
      case 'lot_sold':
        this.total = { ...event, seq }
        return
      case 'lot_failed':
        this.stage = 'FAILED'
        this.failed = { ...event, seq }
        return
      case 'log_sealed':
        this.sealedAt = seq
        return
    }
  }

  /** Of an unreadable entry only its place is known. */
  cannotRead(seq: number): void {
    this.last = seq
  }

  end(): void {
    if (this.stage !== 'SOLD' && this.stage !== 'FAILED') return this.check.skip(`the sale is not over: ${this.stage}`)
    this.check.counted = 1
    if (this.hammer !== null) this.judgeHammer(this.hammer)
    else if (this.stage === 'SOLD') this.check.fail('sold, but the hammer never fell')
    if (this.stage === 'FAILED' && this.failed !== null) this.judgeFailure(this.failed)
    if (this.sealedAt === null) this.check.remark('the log is not sealed yet')
    else if (this.sealedAt !== this.last)
      this.check.fail('entries after the seal', { seq: this.sealedAt + 1, expected: this.sealedAt, found: this.last })
  }

  private judgeHammer(hammer: At<Quote>): void {
    const { seq, bidder_no, amount_fen: found } = hammer
    if (this.highest?.bidder_no !== bidder_no || this.highest.amount_fen !== found)
      this.check.fail('the hammer fell to another than the highest quote', { seq, expected: told(this.highest), found: told(hammer) })
    if (this.reserve === null) this.check.fail('the hammer fell below the reserve', { seq, expected: 'an opened reserve', found })
    else if (found < this.reserve.amount_fen)
      this.check.fail('the hammer fell below the reserve', { seq, expected: this.reserve.amount_fen, found })
    if (this.total !== null) this.judgeTotal(this.total, found)
  }

  private judgeTotal(total: At<{ readonly total_fen: number }>, price: number): void {
    if (this.rules === null || this.parcel === null) return
    const expected = exactTotal(price, this.rules.price_unit, this.parcel)
    if (BigInt(total.total_fen) !== expected)
      this.check.fail('the total is not the price', { seq: total.seq, expected: String(expected), found: total.total_fen })
  }

  private judgeFailure({ seq, reason }: At<{ readonly reason: string }>): void {
    if (this.highest === null) return
    const found = this.highest.amount_fen
    if (reason === 'NO_QUOTE' || reason === 'NO_QUALIFIED_BIDDER')
      this.check.fail('there were quotes', { seq, expected: told(this.highest), found: reason })
    // Where there is no reserve its amount is 0.
    const least = this.reserve?.amount_fen ?? 0
    if (reason === 'BELOW_RESERVE' && found >= least)
      this.check.fail('the reserve was met', { seq, expected: `below ${least}`, found })
  }
}

function told(quote: Quote | null): string {
  return quote === null ? 'no quote' : `${quote.bidder_no} at ${quote.amount_fen}`
}
