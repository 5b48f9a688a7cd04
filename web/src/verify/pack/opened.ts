/** Checks 6, 7 and 9, as far as they look at the entries one by one; the roll is known beforehand. */
import { Broken } from '../core/broken'
import { fromBase64 } from '../core/bytes'
import { commitment } from '../core/commitments'
import { bidMessage, type BidderKey } from '../core/signatures'
import type { LotEntry } from '../../api/wire'
import type { Check } from './check'
import type { Admission, House } from './house'
import { bidHolds, loadKey } from './keys'

type Command = LotEntry['command']
type Of<Type extends Command['type']> = Extract<Command, { readonly type: Type }>

export type RollCommand = Of<'open_roll'>

/** The first `open_roll` of the log: a second one is refused by the rules. */
export interface Roll {
  readonly seq: number
  readonly command: RollCommand
}

export const SEALED_ROLL = 'the roll is not opened: the sale has not ended, or its officials have not opened it yet'

// ── 6 ─────────────────────────────────────────────────────────────────────────────────────

/** So many signatures are under way at once: enough for all cores, bounded in memory. */
const UNDER_WAY = 256
/** How far the clocks of the processes that wrote the lot's log and the house log may lie apart, ms. */
const SKEW_MS = 1_000

export class BidSignatures {
  private readonly keys = new Map<string, BidderKey>()
  private readonly underWay = new Set<Promise<void>>()
  private bids = 0

  constructor(
    private readonly check: Check,
    private readonly origin: string,
    private readonly roll: Roll | null,
  ) {
    for (const row of roll?.command.roll ?? []) {
      try {
        this.keys.set(`${row.bidder_no} ${row.key_id}`, loadKey(row.public_key))
      } catch (error) {
        if (!(error instanceof Broken)) throw error
      }
    }
  }

  async see({ seq }: LotEntry, bid: Of<'place_bid'>): Promise<void> {
    this.bids += 1
    if (this.roll === null) return
    this.check.counted += 1
    if (bid.seen_seq >= seq) {
      this.check.fail('the bidder signed to have seen a later entry', { seq, expected: `before ${seq}`, found: bid.seen_seq })
    }
    const key = this.keys.get(`${bid.bidder_no} ${bid.key_id}`)
    if (key === undefined) return this.check.fail('no key on the roll answers for this bid', { seq, found: bid.key_id })
    const job: Promise<void> = this.judge(key, seq, bid).finally(() => this.underWay.delete(job))
    this.underWay.add(job)
    if (this.underWay.size >= UNDER_WAY) await Promise.all(this.underWay)
  }

  private async judge(key: BidderKey, seq: number, bid: Of<'place_bid'>): Promise<void> {
    let holds: boolean
    try {
      holds = await bidHolds(key, fromBase64(bid.signature), bidMessage({ ...bid, log: this.origin }))
    } catch (error) {
      if (!(error instanceof Broken)) throw error
      holds = false
    }
    if (!holds) this.check.fail('the bidder did not sign this bid', { seq, expected: 'a valid signature', found: bid.key_id })
  }

  async end(): Promise<void> {
    await Promise.all(this.underWay)
    if (this.roll === null) this.check.skip(`the bidders' keys are not published yet: ${SEALED_ROLL}`)
    else if (this.bids === 0) this.check.skip('no bid was decided')
  }
}

// ── 7 ─────────────────────────────────────────────────────────────────────────────────────

interface Claim {
  readonly seq: number
  readonly enough: boolean
  readonly commitment: string
  readonly least: number
}

export class Commitments {
  private sealed: string | null = null
  private least = 0
  private readonly claims: Claim[] = []
  private readonly closes: { readonly seq: number; readonly at: number; readonly any: boolean }[] = []

  constructor(
    private readonly check: Check,
    private readonly origin: string,
    private readonly roll: Roll | null,
    private readonly house: House,
  ) {}

  see({ at, seq }: LotEntry, command: Command): void {
    if (command.type === 'publish_lot') this.sealed ??= command.reserve_commitment
    if (command.type === 'publish_lot' || command.type === 'supplement_lot') this.least = command.rules.min_bidders
    if (command.type === 'open_reserve') this.seeReserve(seq, command)
    if (command.type === 'close_sale') this.closes.push({ seq, at, any: command.any_admitted })
    if (command.type === 'advance' && command.head_count_commitment != null) {
      this.claims.push({ seq, enough: command.enough === true, commitment: command.head_count_commitment, least: this.least })
    }
  }

  private seeReserve(seq: number, { amount_fen, has_reserve, salt }: Of<'open_reserve'>): void {
    this.check.counted += 1
    if (this.sealed === null) return this.check.fail('a reserve is opened that was never committed to', { seq })
    const found = commitment('reserve', this.origin, salt, { amount_fen, has_reserve })
    if (found !== this.sealed) this.check.fail('the reserve is not the one that was sealed', { seq, expected: this.sealed, found })
    else if (!has_reserve && amount_fen !== 0) this.check.fail('no reserve, yet an amount', { seq, expected: 0, found: amount_fen })
  }

  end(): void {
    if (this.roll !== null) {
      this.judgeCounts(this.roll)
      this.judgeAnyone(this.roll)
    }
    if (this.check.counted === 0) this.check.skip(`nothing is opened yet: ${SEALED_ROLL}`)
  }

  private judgeCounts({ seq, command }: Roll): void {
    const opened = command.head_counts
    if (opened.length !== this.claims.length) {
      return this.check.fail('each sealed head count is opened once', { seq, expected: this.claims.length, found: opened.length })
    }
    const numbers = new Set(command.roll.map((row) => row.bidder_no)).size
    this.claims.forEach((claim, at) => {
      const { salt, count } = opened[at] as (typeof opened)[number]
      this.check.counted += 1
      const found = commitment('head-count', this.origin, salt, { count })
      if (found !== claim.commitment) {
        this.check.fail('a head count is not the one that was sealed', { seq: claim.seq, expected: claim.commitment, found })
      } else if (claim.enough !== count >= claim.least) {
        const text = `${count} of ${claim.least}`
        this.check.fail('whether enough bidders stood', { seq: claim.seq, expected: text, found: String(claim.enough) })
      } else if (count > numbers) {
        this.check.fail('more heads than the roll has numbers', { seq: claim.seq, expected: numbers, found: count })
      }
    })
  }

  private judgeAnyone({ command }: Roll): void {
    const stoodAt = (instant: number) => command.roll.some((row) => (this.house.revoked.get(row.bidder_no) ?? instant + 1) > instant)
    for (const { seq, at, any } of this.closes) {
      this.check.counted += 1
      const stood = stoodAt(at + SKEW_MS)
      if (any !== stood && any !== stoodAt(at - SKEW_MS)) this.check.fail('whether anyone stood admitted', { seq, expected: String(stood), found: String(any) })
    }
  }
}

// ── 9 ─────────────────────────────────────────────────────────────────────────────────────

export class RollCheck {
  private readonly rows = new Map<string, Admission>()
  private readonly numbers = new Set<string>()

  constructor(
    private readonly check: Check,
    private readonly roll: Roll | null,
    private readonly house: House,
  ) {
    for (const row of roll?.command.roll ?? []) {
      this.rows.set(`${row.bidder_no} ${row.key_id}`, row)
      this.numbers.add(row.bidder_no)
    }
  }

  see({ at, seq }: LotEntry, command: Command): void {
    if (this.roll === null) return
    if (command.type === 'place_bid') this.seeBid(seq, at, command)
    if (command.type === 'opt_in') this.seeOptIn(seq, command)
  }

  private seeBid(seq: number, at: number, bid: Of<'place_bid'>): void {
    this.check.counted += 1
    const row = this.rows.get(`${bid.bidder_no} ${bid.key_id}`)
    if (row === undefined) return this.check.fail('a bidder number or key is not on the roll', { seq, found: bid.bidder_no })
    if (bid.admission == null) {
      const revoked = this.house.revoked.get(bid.bidder_no)
      if (revoked === undefined) this.check.fail('a bid is held for not admitted, but no admission was revoked', { seq })
      else if (at < revoked - SKEW_MS) {
        this.check.fail('a bid is held for not admitted before the admission was revoked', { seq, expected: `not before ${revoked}`, found: at })
      }
    } else if (bid.admission !== row.admission) {
      this.check.fail('a bid names another admission', { seq, expected: row.admission, found: bid.admission })
    }
  }

  private seeOptIn(seq: number, { bidder_no, admission }: Of<'opt_in'>): void {
    this.check.counted += 1
    const own = this.roll?.command.roll.some((row) => row.bidder_no === bidder_no && row.admission === admission)
    if (!own) this.check.fail('one who is not on the roll opts in', { seq, found: bidder_no })
  }

  end(): void {
    if (this.roll === null) return this.check.skip(SEALED_ROLL)
    this.judgeRows(this.roll)
    this.compareWithHouse(this.roll)
  }

  private judgeRows({ seq, command }: Roll): void {
    const identities = new Map<string, string>()
    const keys = new Set<string>()
    for (const row of command.roll) {
      this.check.counted += 1
      try {
        if (loadKey(row.public_key).keyId !== row.key_id) this.check.fail('key_id is not that of the public key', { seq, found: row.key_id })
      } catch (error) {
        if (!(error instanceof Broken)) throw error
        this.check.fail(`a public key cannot be loaded: ${error.reason}`, { seq, found: row.key_id })
      }
      if (keys.has(row.key_id)) this.check.fail('a key stands twice on the roll', { seq, found: row.key_id })
      keys.add(row.key_id)
      const before = identities.get(row.bidder_no)
      if (before !== undefined && before !== row.identity_commitment) {
        this.check.fail('one bidder number stands for two identities', { seq, expected: before, found: row.identity_commitment })
      }
      identities.set(row.bidder_no, row.identity_commitment)
    }
    const alike = twoAlike([...this.numbers])
    if (alike !== null) this.check.fail('two bidder numbers differ in one place only', { seq, found: alike.join(', ') })
  }

  private compareWithHouse({ seq, command }: Roll): void {
    const left = new Map(this.house.admissions)
    for (const row of command.roll) {
      const admitted = left.get(row.admission)
      if (admitted === undefined || textOf(admitted) !== textOf(row)) {
        this.check.fail('the roll names one whom the house log did not admit', { seq, found: textOf(row) })
      } else left.delete(row.admission)
    }
    for (const admitted of left.values()) {
      this.check.fail('an admission of the house log is not on the roll', { seq, expected: textOf(admitted) })
    }
  }
}

function textOf({ bidder_no, key_id, public_key, identity_commitment, admission }: Admission): string {
  return `${bidder_no}, admission ${admission}, key ${key_id}, identity ${identity_commitment}, ${public_key}`
}

/** Two of these that differ in one place: each is put down with every place blotted out. */
function twoAlike(numbers: readonly string[]): readonly [string, string] | null {
  const seen = new Map<string, string>()
  for (const number of numbers) {
    for (let at = 0; at < number.length; at += 1) {
      const blotted = `${number.slice(0, at)}_${number.slice(at + 1)}`
      const other = seen.get(blotted)
      if (other !== undefined) return [other, number]
      seen.set(blotted, number)
    }
  }
  return null
}
