/** State, command and instant in; events, or the name of a refusal, out. No clock, no store, nothing written. */
import { decidePublish, decideSupplement } from './papers'
import { decideBid } from './quotes'
import { decideCloseSale, decideConfirm, decideOpenReserve, decideOpenRoll, decideSeal } from './results'
import { decideAdvance, decideOptIn } from './stages'
import { decideInterrupt, decideResume, decideSuspend, decideTerminate } from './stops'
import { refusalByTable } from './table'
import type { Command, Decision, LotState } from './types'

/** The state before entry 0. */
export function start(): null {
  return null
}

export function decide(lot: LotState | null, command: Command, at: number): Decision {
  if (lot === null) return command.type === 'publish_lot' ? decidePublish(command, at) : { refused: 'NOT_PUBLISHED' }
  if (lot.sealed && command.type !== 'publish_lot') return { refused: 'SEALED' }
  const refused = refusalByTable(lot.stage, lot.control, command.type)
  return refused === null ? decideAllowed(lot, command, at) : { refused }
}

function decideAllowed(lot: LotState, command: Command, at: number): Decision {
  switch (command.type) {
    case 'publish_lot':
      return { refused: 'ALREADY_PUBLISHED' }
    case 'supplement_lot':
      return decideSupplement(lot, command, at)
    case 'advance':
      return decideAdvance(lot, command, at)
    case 'opt_in':
      return decideOptIn(lot, command)
    case 'place_bid':
      return { events: decideBid(lot, command, at) }
    case 'suspend':
      return decideSuspend(lot, command)
    case 'resume':
      return decideResume(lot, command, at)
    case 'interrupt':
      return decideInterrupt(lot, command, at)
    case 'terminate':
      return decideTerminate(command)
    case 'open_reserve':
      return decideOpenReserve(lot, command)
    case 'close_sale':
      return decideCloseSale(lot, command)
    case 'open_roll':
      return decideOpenRoll(lot, command)
    case 'confirm_result':
      return decideConfirm(lot, command)
    case 'seal_log':
      return decideSeal(lot, command)
  }
}
