/** Checks opened identities against the roll of the public log. */
import type { LotEntry, LotIdentities } from '../api/wire'
import { commitment } from '../verify/core/commitments'

export type Finding = 'fits' | 'wrongOpening' | 'notOnRoll' | 'missing' | 'destroyed'

export interface Checked {
  readonly bidderNo: string
  readonly commitment: string
  readonly name?: string | undefined
  readonly kind?: string | undefined
  readonly idNumber?: string | undefined
  readonly finding: Finding
}

/** The log's origin, which every commitment names, and bidder number → identity commitment. */
export interface Roll {
  readonly origin: string
  readonly sealed: ReadonlyMap<string, string>
}

/** The roll as the log opened it. */
export function rollOf(entries: readonly LotEntry[]): Roll {
  const roll = new Map<string, string>()
  for (const { command } of entries) {
    if (command.type === 'open_roll') for (const row of command.roll) roll.set(row.bidder_no, row.identity_commitment)
  }
  return { origin: entries[0]?.log ?? '', sealed: roll }
}

/** One row for each bidder number that is opened or stands on the roll. */
export function check(opened: Pick<LotIdentities, 'items'>, { origin, sealed: roll }: Roll): Checked[] {
  const rows = opened.items.map((item): Checked => {
    const shown = { bidderNo: item.bidder_no, commitment: item.commitment, name: item.name ?? undefined, kind: item.kind ?? undefined, idNumber: item.id_number ?? undefined }
    if (roll.get(item.bidder_no) !== item.commitment) return { ...shown, finding: 'notOnRoll' }
    if (item.salt == null || item.name == null || item.kind == null || item.id_number == null) return { ...shown, finding: 'destroyed' }
    const value = { id_number: item.id_number, kind: item.kind, name: item.name }
    return { ...shown, finding: opens(item.commitment, origin, item.salt, value) ? 'fits' : 'wrongOpening' }
  })
  const known = new Set(rows.map((row) => row.bidderNo))
  for (const [bidderNo, sealed] of roll) if (!known.has(bidderNo)) rows.push({ bidderNo, commitment: sealed, finding: 'missing' })
  return rows
}

function opens(sealed: string, origin: string, salt: string, value: { id_number: string; kind: string; name: string }): boolean {
  try {
    return commitment('identity', origin, salt, value) === sealed
  } catch {
    return false // a salt or a text that no commitment can be made of
  }
}

/** What is wrong; a destroyed opening is no contradiction. */
export function faults(rows: readonly Checked[]): number {
  return rows.filter((row) => row.finding !== 'fits' && row.finding !== 'destroyed').length
}
