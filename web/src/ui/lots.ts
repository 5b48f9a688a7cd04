/** What the public pages say about a lot: what comes next, and where to go. */
import type { LotCard, ParcelFacts, Timetable } from '../api/wire'
import { m } from '../text'

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
  const text = m.value.lot
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
  const text = m.value.lot
  const known: readonly (readonly [string, readonly string[]])[] = [
    [text.location, ['location', '坐落']],
    [text.far, ['far_text', 'far', 'far_max', '容积率']],
    [text.density, ['building_density_text', 'building_density', 'building_density_max_pct', '建筑密度']],
    [text.coefficient, ['building_coefficient_text', 'building_coefficient', '建筑系数']],
    [text.green, ['green_ratio_text', 'green_ratio', 'green_ratio_min_pct', '绿地率']],
    [text.height, ['height_limit_text', 'height_limit', 'height_limit_max_m', '限高']],
    [text.investment, ['investment_intensity', 'investment_intensity_wan_per_mu_min', '投资强度']],
    [text.tax, ['tax_per_mu', 'tax_per_mu_wan_min', '亩均税收']],
    [text.grantor, ['grantor', '出让人']],
    [text.announcement, ['announcement_no', '公告号']],
  ]
  const used = new Set(known.flatMap(([, names]) => names))
  const rows = known.flatMap(([label, names]) => {
    const name = names.find((each) => facts[each])
    return name ? [{ label, value: facts[name] as string, wide: name === 'location' || name === '坐落' }] : []
  })
  const rest = Object.entries(facts).filter(([name]) => !used.has(name) && !HIDDEN.has(name))
  return [...rows, ...rest.map(([label, value]) => ({ label, value }))]
}

/** Where the data came from; shown elsewhere or not at all. */
const HIDDEN = new Set(['source', 'province', 'city', 'county'])
