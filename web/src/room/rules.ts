/** The rules of a sale as sentences. */
import type { RuleSet, RulesSummary } from '../api/wire'
import { sentences } from './rulesText'

function countdown(rules: { extension: string; countdown_s: number }): string {
  const text = sentences.value
  if (rules.extension === 'RESET') return text.countdown(rules.countdown_s)
  return rules.extension === 'APPEND' ? text.append(rules.countdown_s) : text.fixed(rules.countdown_s)
}

const ENTRY = { ALL_QUALIFIED: 'entryAll', QUOTED_BEFORE: 'entryQuoted', OPT_IN: 'entryOptIn' } as const

/** What a bidder must know while bidding. */
export function shortRules(rules: RulesSummary | RuleSet): string[] {
  const text = sentences.value
  const entry = ENTRY[rules.entry_rule as keyof typeof ENTRY]
  return [
    countdown(rules),
    rules.grid === 'MULTIPLE' ? text.multiple : text.minOnly,
    rules.max_jump_steps != null ? text.jump(rules.max_jump_steps) : '',
    rules.confirm_jump_steps != null ? text.confirm(rules.confirm_jump_steps) : '',
    rules.self_outbid === 'REFUSE' ? text.selfOutbid : '',
    entry ? text[entry] : '',
    text.authority,
  ].filter(Boolean)
}

/** The whole summary on the lot's page. */
export function fullRules(rules: RuleSet): string[] {
  const text = sentences.value
  const more = [
    rules.quiet_min > 0 ? text.quiet(rules.quiet_min) : '',
    rules.ready_min > 0 ? text.ready(rules.ready_min) : '',
    rules.free_min > 0 ? text.free(rules.free_min) : '',
    rules.live_trigger === 'TWO_BIDDERS' ? text.triggerTwo : '',
    rules.live_trigger === 'TWO_IN_LAST_HOUR' ? text.triggerHour : '',
    rules.reserve === 'SEALED' ? text.reserve : text.reserveNone,
    text.outage(rules.outage_gap_s),
    rules.natural_person_allowed ? text.persons : text.noPersons,
    rules.joint_allowed ? text.joint : text.noJoint,
  ]
  return [...shortRules(rules), ...more].filter(Boolean)
}
