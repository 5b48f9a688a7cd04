/** What the public pages say about a lot: what comes next, and where to go. */
import type { LotCard, ParcelFacts, Timetable } from '../api/wire'
import { p } from '../pages/text'

const LIVE = new Set(['LISTING', 'QUIET', 'READY', 'TIMED', 'CLOSING'])
const OVER = new Set(['SOLD', 'FAILED'])

export type Group = 'live' | 'upcoming' | 'ended'

export function groupOf({ state }: LotCard): Group {
  if (OVER.has(state.stage)) return 'ended'
  return LIVE.has(state.stage) ? 'live' : 'upcoming'
}

export interface Deadline {
  readonly at: number
  readonly word: string
}

/** The instants of the timetable in order, with their words. */
export function deadlines(timetable: Timetable): Deadline[] {
  const text = p.value.lot
  const named: readonly (readonly [number | null | undefined, string])[] = [
    [timetable.announced_at, text.announced],
    [timetable.registration_from, text.registrationFrom],
    [timetable.registration_to, text.registrationTo],
    [timetable.deposit_deadline, text.depositDeadline],
    [timetable.listing_from, text.listingFrom],
    [timetable.listing_to, text.listingTo],
    [timetable.auction_from, text.auctionFrom],
  ]
  const set = named.filter((each): each is readonly [number, string] => each[0] != null)
  return set.map(([at, word]) => ({ at, word })).sort((a, b) => a.at - b.at)
}

export function nextDeadline(lot: LotCard, now: number): Deadline | null {
  if (OVER.has(lot.state.stage)) return null
  return deadlines(lot.timetable).find(({ at }) => at > now) ?? null
}

export interface Fact {
  readonly label: string
  readonly value: string
  readonly wide?: boolean
}

/** Facts of the announcement by the names they carry in the data, in the order of a notice. */
export function announcedFacts({ facts }: ParcelFacts): Fact[] {
  const text = p.value.lot
  const known: readonly (readonly [string, readonly string[]])[] = [
    [text.location, ['坐落', '所在地']],
    [text.far, ['容积率']],
    [text.density, ['建筑密度']],
    [text.coefficient, ['建筑系数']],
    [text.green, ['绿地率']],
    [text.height, ['限高', '建筑限高']],
    [text.investment, ['投资强度']],
    [text.tax, ['亩均税收']],
    [text.grantor, ['出让人']],
    [text.announcement, ['公告号']],
  ]
  const used = new Set(known.flatMap(([, names]) => names))
  const rows = known.flatMap(([label, names]) => {
    const name = names.find((each) => facts[each])
    return name ? [{ label, value: facts[name] as string, wide: label === text.location }] : []
  })
  const rest = Object.entries(facts).filter(([name]) => !used.has(name))
  return [...rows, ...rest.map(([label, value]) => ({ label: text.other[label] ?? label, value }))]
}
