/** How the sale ended, in the words of its own events. */
import type { LotEntry } from '../../api/wire'

export class Outcome {
  private stage = 'ANNOUNCED'
  private reason: string | null = null
  private winner: { readonly bidder_no: string; readonly amount_fen: number } | null = null

  see({ events }: LotEntry): void {
    for (const event of events) {
      if (event.type === 'stage_changed') this.stage = event.to
      if (event.type === 'hammer_fell') this.winner = event
      if (event.type === 'lot_failed') this.reason = event.reason
    }
  }

  /** Fields of the report. */
  told(): { outcome: string; winner_no?: string; amount_fen?: number } {
    if (this.stage === 'FAILED') return { outcome: `FAILED: ${this.reason ?? ''}` }
    if (this.stage !== 'SOLD') return { outcome: `UNFINISHED: ${this.stage}` }
    return { outcome: 'SOLD', ...(this.winner && { winner_no: this.winner.bidder_no, amount_fen: this.winner.amount_fen }) }
  }
}
