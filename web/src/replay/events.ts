/** A logged event as a sentence. */
import type { LogEvent } from '../api/wire'
import { m, word } from '../text'
import { r } from './text'
import { priced } from '../text/amount'

export function eventText(event: LogEvent, unit: string): string {
  const text = r.value.replay.event
  switch (event.type) {
    case 'stage_changed':
      return text.stage_changed(word(m.value.stage, event.to))
    case 'bid_accepted':
      return text.bid_accepted(event.bidder_no, priced(event.amount_fen, unit))
    case 'bid_refused':
      return text.bid_refused(event.bidder_no, priced(event.amount_fen, unit), word(m.value.reason, event.reason))
    case 'suspended':
      return text.suspended(word(m.value.cause, event.cause))
    case 'interrupted':
      return text.interrupted(((event.to - event.from) / 1000).toFixed(1))
    case 'reserve_opened':
      return text.reserve_opened(event.met)
    case 'hammer_fell':
      return text.hammer_fell(event.bidder_no, priced(event.amount_fen, unit))
    case 'lot_failed':
      return text.lot_failed(word(m.value.failed, event.reason))
    case 'roll_opened':
      return text.roll_opened(event.bidders)
    default:
      return text[event.type]
  }
}
