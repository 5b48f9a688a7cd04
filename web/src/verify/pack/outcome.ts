/** How the sale ended, in the words of its own events, and what was sold. */
import type { LotEntry } from '../../api/wire'

/** What the report of the specification leaves out and a person wants to see. */
export interface SaleFacts {
  readonly title?: string
  readonly parcel_no?: string
  readonly price_unit?: string
  readonly total_fen?: number
}

export class Outcome {
  private stage = 'ANNOUNCED'
  private reason: string | null = null
  private winner: { readonly bidder_no: string; readonly amount_fen: number } | null = null
  private facts: SaleFacts = {}

  see({ command, events }: LotEntry): void {
    if (command.type === 'publish_lot') {
      const { title, parcel_no } = command.lot
      this.facts = { ...this.facts, title, parcel_no, price_unit: command.rules.price_unit }
    }
    for (const event of events) {
      if (event.type === 'stage_changed') this.stage = event.to
      if (event.type === 'hammer_fell') this.winner = event
      if (event.type === 'lot_failed') {
        this.stage = 'FAILED'
        this.reason = event.reason
      }
      if (event.type === 'lot_sold') this.facts = { ...this.facts, total_fen: event.total_fen }
    }
  }

  /** Fields of the report. */
  told(): { outcome: string; winner_no?: string; amount_fen?: number } {
    if (this.stage === 'FAILED') return { outcome: `FAILED: ${this.reason ?? ''}` }
    if (this.stage !== 'SOLD') return { outcome: `UNFINISHED: ${this.stage}` }
    return { outcome: 'SOLD', ...(this.winner && { winner_no: this.winner.bidder_no, amount_fen: this.winner.amount_fen }) }
  }

  sale(): SaleFacts {
    return this.facts
  }
}
