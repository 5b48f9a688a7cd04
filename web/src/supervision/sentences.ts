/** House-log entries as sentences; what a newer service writes is still shown by its kind. */
import type { HouseCommand } from '../api/wire'
import { word } from '../text'
import { s } from './text'

/** "承办 5e0c91aa": the role in words, the rest as it stands in the log. */
export function official(pseudonym: string): string {
  const [role = '', tail = ''] = pseudonym.split('-')
  const named = word(s.value.official, role)
  return /^0+$/.test(tail) ? named : `${named} ${tail}`
}

/** What an entry is about: a lot, one thing of it, an official. */
export function subject(text: string): string {
  const [what, lot = '', part] = text.split('/')
  if (what === 'lot') return part === 'refund' ? s.value.refundOf(lot) : s.value.lotOf(lot)
  if (what === 'document') return s.value.documentOf(lot)
  if (what === 'deposit') return s.value.unmatched
  return /^[a-z]+-[0-9a-f]{8}$/.test(text) ? official(text) : text
}

export function sentence(command: HouseCommand): string {
  const say = s.value.sentence
  switch (command.type) {
    case 'lot_born':
      return say.lot_born(command.lot_id)
    case 'record_admission':
      return say.record_admission(command.lot_id, command.bidder_no)
    case 'revoke_admission':
      return say.revoke_admission(command.lot_id, command.bidder_no, word(s.value.cause, command.reason))
    case 'record_deposit':
      return say.record_deposit(command.lot_id, word(s.value.decision, command.decision))
    case 'record_action': {
      const by = command.approver ? say.approved(official(command.approver)) : ''
      const about = say.aboutIt(subject(command.subject)) + by
      return say.record_action(official(command.requester), word(s.value.action, command.action), about)
    }
    case 'record_look':
      return say.record_look(official(command.requester), word(s.value.field, command.field), subject(command.subject), word(s.value.reason, command.reason))
    case 'lot_sealed':
      return say.lot_sealed(command.lot_id, command.size)
    case 'record_key':
      return command.change === 'RETIRED' ? say.retired : say.introduced
    case 'record_policy':
      return say.record_policy
    default:
      return say.unknown((command as { type: string }).type)
  }
}
