/** After the last quote: reserve, hammer, roll, confirmation, seal (docs/rules.md, "Closing"). */
import { totalFen } from './money'
import { changed } from './stages'
import { fourEyes } from './stops'
import type { CommandOf, Decision, LotState } from './types'

export function decideOpenReserve(lot: LotState, command: CommandOf<'open_reserve'>): Decision {
  if (lot.reserve_met !== null) return { refused: 'RESERVE_ALREADY_OPENED' }
  const allowed = command.has_reserve ? lot.rules.reserve === 'SEALED' : command.amount_fen === 0
  if (!allowed) return { refused: 'RESERVE_NOT_ALLOWED' }
  const met = lot.price_fen !== null && lot.price_fen >= command.amount_fen
  return { events: [{ type: 'reserve_opened', amount_fen: command.amount_fen, salt: command.salt, met }] }
}

export function decideCloseSale(lot: LotState, command: CommandOf<'close_sale'>): Decision {
  if (lot.reserve_met === null) return { refused: 'RESERVE_NOT_OPENED' }
  const { price_fen: amount_fen, leader_no: bidder_no } = lot
  if (amount_fen === null || bidder_no === null) return failed(lot, command.any_admitted ? 'NO_QUOTE' : 'NO_QUALIFIED_BIDDER')
  if (!lot.reserve_met) return failed(lot, 'BELOW_RESERVE')
  const total_fen = totalFen(amount_fen, lot.rules.price_unit, lot.parcel)
  return {
    events: [changed(lot.stage, 'SOLD'), { type: 'hammer_fell', bidder_no, amount_fen }, { type: 'lot_sold', total_fen }],
  }
}

function failed(lot: LotState, reason: string): Decision {
  return { events: [changed(lot.stage, 'FAILED'), { type: 'lot_failed', reason }] }
}

export function decideOpenRoll(lot: LotState, command: CommandOf<'open_roll'>): Decision {
  if (lot.roll_opened) return { refused: 'ROLL_ALREADY_OPENED' }
  return { events: [{ type: 'roll_opened', bidders: new Set(command.roll.map((row) => row.bidder_no)).size }] }
}

export function decideConfirm(lot: LotState, command: CommandOf<'confirm_result'>): Decision {
  if (!fourEyes(command)) return { refused: 'FOUR_EYES' }
  if (lot.disputed && command.ruling == null) return { refused: 'DISPUTED' }
  if (!lot.disputed && lot.confirmed) return { refused: 'ALREADY_CONFIRMED' }
  if (command.outcome !== 'UNQUALIFIED') return { events: [{ type: 'result_confirmed' }] }
  return lot.stage === 'SOLD' ? failed(lot, 'WINNER_UNQUALIFIED') : { refused: 'WRONG_STAGE' }
}

export function decideSeal(lot: LotState, command: CommandOf<'seal_log'>): Decision {
  if (!fourEyes(command)) return { refused: 'FOUR_EYES' }
  if (!lot.roll_opened) return { refused: 'ROLL_NOT_OPENED' }
  if (lot.disputed) return { refused: 'DISPUTED' }
  if (lot.stage === 'SOLD' && !lot.confirmed) return { refused: 'NOT_CONFIRMED' }
  return { events: [{ type: 'log_sealed' }] }
}
