/** Judges the published winner against the public log. */
import { readEntries } from '../api/doors'
import { call } from '../api/http'
import type { LotEntry, WinnerOpening } from '../api/wire'
import { check, rollOf } from '../supervision/identities'

export type WinnerFinding = 'fits' | 'onRoll' | 'wrongOpening' | 'notOnRoll' | 'otherWinner'

export const getWinnerOpening = (lotId: string) => call<WinnerOpening>(`/lots/${encodeURIComponent(lotId)}/winner`)

/** `onRoll`: the commitment stands there, and what it hides is not open to the public. */
export function judgeWinner(opening: WinnerOpening, entries: readonly LotEntry[]): WinnerFinding {
  const winner = winnerOf(entries)
  if (winner !== opening.bidder_no) return 'otherWinner'
  const roll = rollOf(entries)
  if (opening.log !== roll.origin) return 'notOnRoll'
  const found = check({ items: [opening] }, roll)[0]?.finding
  // A company's opening is never withheld: one that is has something to hide.
  if (found === 'destroyed') return opening.kind === 'PERSON' ? 'onRoll' : 'wrongOpening'
  return found === 'fits' || found === 'wrongOpening' ? found : 'notOnRoll'
}

/** The whole log of the finished sale is read for it. */
export const checkWinner = async (opening: WinnerOpening): Promise<WinnerFinding> =>
  judgeWinner(opening, await readEntries(opening.lot_id, 'public'))

function winnerOf(entries: readonly LotEntry[]): string | null {
  const fallen = entries.flatMap(({ events }) => events).flatMap((event) => (event.type === 'hammer_fell' ? [event.bidder_no] : []))
  return fallen[fallen.length - 1] ?? null
}
