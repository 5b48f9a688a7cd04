/**
 * The verifier of an evidence pack, a second time: from the log's specification and docs/verify.md,
 * not from the first. It reads a file and is told by the caller what to believe; it asks no network.
 *
 *  1. pack and manifest      2. entries         3. order          4. tree and checkpoints
 *  5. receipts               6. bidders' signatures               7. commitments
 *  8. decisions              9. roll           10. house log     11. documents
 * 12. result                13. health         14. witnesses     15. timestamps
 */
import type { VerifyReport } from '../../api/wire'
import { Broken } from '../core/broken'
import { base64, hex } from '../core/bytes'
import { decode, isObject } from '../core/canonical'
import { LOG_KEY, readVkey, type Vkey } from '../core/notes'
import { leafHash } from '../core/tree'
import { Check, NAMES } from './check'
import { Decisions, Health, Result } from '../rules'
import { Documents } from './documents'
import { headsOf, NoteOpener, TreeWalk, type Head } from './heads'
import { checkHouse, readHouse, rootOf, type House } from './house'
import { Leaves } from './leaves'
import { checkManifest, logOf, siteOf } from './manifest'
import { BidSignatures, Commitments, RollCheck, type Roll } from './opened'
import { Outcome, type SaleFacts } from './outcome'
import { HEALTH, LOG, MANIFEST, Pack } from './packed'
import { readPolicy, type Policy } from './policy'
import { checkReceipts } from './receipts'
import { isLotEntry } from './schema'
import { sourceOf } from './source'
import { checkTimestamps, Moments, readAuthorities, type Authorities } from './timestamps'
import { need, Unreadable } from './unreadable'
import { Witnesses } from './witnesses'
import type { LotEntry } from '../../api/wire'

export type Phase = 'opening' | 'entries' | 'receipts' | 'files'

export interface Progress {
  readonly phase: Phase
  /** Entries judged, or receipts, or 0. */
  readonly done: number
  readonly of: number
}

export interface Given {
  /** What the report calls the pack. */
  readonly name: string
  /** The log's verifier key, from outside the pack. */
  readonly vkey: string
  /** A C2SP tlog-policy. */
  readonly policy?: string | undefined
  /** PEM certificates of timestamp authorities. */
  readonly tsa?: readonly string[] | undefined
  readonly tell?: ((progress: Progress) => void) | undefined
}

/** The report of docs/verify.md, and what was sold. */
export type Verdict = VerifyReport & { readonly sale?: SaleFacts }

/** Never throws at what a file holds: what cannot be read is a report with exit code 2. */
export async function judge(file: Uint8Array | Blob, given: Given): Promise<Verdict> {
  try {
    const vkey = readKey(given.vkey)
    const policy = given.policy === undefined ? null : readPolicy(given.policy)
    need(policy === null || policy.logs.length === 0 || policy.logs.some((log) => log.text === vkey.text), 'BAD_POLICY', 'it does not know this key')
    const authorities = await readAuthorities(given.tsa ?? [])
    const pack = await Pack.open(sourceOf(file))
    return await new Judge(pack, vkey, policy, authorities, given).report()
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error
    return { pack: given.name, entries: 0, exit_code: 2, checks: [], error: error.message }
  }
}

function readKey(text: string): Vkey {
  try {
    const vkey = readVkey(text)
    need(vkey.type === LOG_KEY, 'BAD_KEY', 'not the key of a log')
    return vkey
  } catch (error) {
    throw error instanceof Broken ? new Unreadable('BAD_KEY', error.message) : error
  }
}

/** How often progress is told, in entries or receipts. */
const STEP = 500

class Judge {
  private readonly checks = NAMES.map((_name, at) => new Check(at + 1))
  private readonly leaves = new Leaves()
  private readonly heads: Head[] = []
  /** bid_id → seq. */
  private readonly bids = new Map<string, number>()
  private readonly outcome = new Outcome()
  private readonly moments = new Moments()

  constructor(
    private readonly pack: Pack,
    private readonly vkey: Vkey,
    private readonly policy: Policy | null,
    private readonly authorities: Authorities | null,
    private readonly given: Given,
  ) {}

  async report(): Promise<Verdict> {
    this.tell('opening', 0, 0)
    const manifest = await this.pack.read(MANIFEST)
    const named = logOf(manifest)
    const origin = named ?? (await this.logOfFirstEntry())
    need(origin !== null, 'NO_LOG_NAMED', 'neither the manifest nor the first entry')
    const site = siteOf(origin) as string
    const opener = new NoteOpener(this.vkey, site)
    const witnesses = new Witnesses(this.check(14), this.policy)
    for await (const head of headsOf(this.check(4), this.pack, opener, origin, this.vkey)) {
      this.heads.push({ size: head.size, rootHex: head.rootHex })
      witnesses.seeHead(head.size, head.note)
    }
    const house = await readHouse(this.check(10), this.pack, opener, site, origin.replace(/^.*\//, ''))
    const { root, firstLeaf } = await this.walk(origin, house)
    checkHouse(this.check(10), house, firstLeaf, this.leaves.size, root)
    await this.receipts(origin, opener)
    this.tell('files', 0, 0)
    witnesses.end(this.leaves, this.moments.sealed, { notes: house.notes, sealed: house.seals.length > 0, newest: house.newest })
    const stamped = { leaves: this.leaves, moments: this.moments, textOf: (size: number) => this.textOf(origin, size) }
    await checkTimestamps(this.check(15), this.pack, this.authorities, stamped)
    await checkManifest(this.check(1), this.pack, manifest, named)
    return this.told(origin, root)
  }

  // ── the entries ─────────────────────────────────────────────────────────────────────────

  private async walk(origin: string, house: House): Promise<{ root: string; firstLeaf: Uint8Array | null }> {
    const roll = await this.findRoll()
    const tree = new TreeWalk(this.check(4), this.heads)
    const signatures = new BidSignatures(this.check(6), origin, roll)
    const commitments = new Commitments(this.check(7), origin, roll, house)
    const decisions = new Decisions(this.check(8))
    const rollCheck = new RollCheck(this.check(9), roll, house)
    const documents = new Documents(this.check(11))
    const result = new Result(this.check(12))
    const order = new Order(this.check(3), origin)
    const of = this.heads[this.heads.length - 1]?.size ?? 0
    for await (const line of this.pack.lines(LOG)) {
      const seq = this.leaves.size
      const leaf = leafHash(line)
      tree.append(leaf)
      const entry = this.readEntry(line, seq)
      this.leaves.push(leaf, entry?.at ?? NaN)
      if (seq % STEP === 0) this.tell('entries', seq, Math.max(of, seq))
      if (entry === null) {
        decisions.cannotRead(seq)
        result.cannotRead(seq)
        continue
      }
      const { command } = entry
      order.see(entry, seq)
      // Whatever an entry calls itself, here it is the entry of its place.
      const placed = entry.seq === seq ? entry : { ...entry, seq }
      if (command.type === 'place_bid') {
        if (!this.bids.has(command.bid_id)) this.bids.set(command.bid_id, seq)
        await signatures.see(placed, command)
      }
      commitments.see(placed, command)
      rollCheck.see(placed, command)
      this.decide(decisions, placed)
      for (const each of [documents, result, this.outcome, this.moments]) each.see(placed)
    }
    if (this.leaves.size === 0) for (const number of [2, 3]) this.check(number).fail('the log is empty', { seq: 0 })
    tree.end()
    await signatures.end()
    commitments.end()
    decisions.end()
    rollCheck.end()
    result.end()
    await documents.end(this.pack)
    await this.health(decisions)
    return { root: hex(tree.tree.root), firstLeaf: this.leaves.size === 0 ? null : this.leaves.at(0).slice() }
  }

  /** A hostile log under a good key may say what no rule was made for; that is a difference, not a fault. */
  private decide(decisions: Decisions, entry: LotEntry): void {
    try {
      decisions.see(entry)
    } catch (error) {
      this.check(8).fail('the rules cannot decide this', { seq: entry.seq, found: String(error) })
      decisions.cannotRead(entry.seq)
    }
  }

  private async health({ windows, outages }: Decisions): Promise<void> {
    const health = new Health(this.check(13), windows, outages)
    if (this.pack.has(HEALTH)) for await (const row of this.pack.lines(HEALTH)) health.row(row)
    health.end()
  }

  private readEntry(line: Uint8Array, seq: number): LotEntry | null {
    try {
      const value = decode(line)
      if (isLotEntry(value)) {
        this.check(2).counted += 1
        return value
      }
      this.check(2).fail('not an entry: a field is missing, unknown or of another form', { seq })
    } catch (error) {
      if (!(error instanceof Broken)) throw error
      this.check(2).fail(error.message, { seq })
    }
    return null
  }

  /** The keys that judge the bids come near the end of the log, so it is looked through once before. */
  private async findRoll(): Promise<Roll | null> {
    let seq = -1
    let roll: Roll | null = null
    for await (const line of this.pack.lines(LOG)) {
      seq += 1
      if (seq % STEP === 0) this.tell('opening', seq, 0)
      if (roll !== null || !holds(line, ROLL)) continue
      const command = readOrNull(line)?.command
      if (command?.type === 'open_roll') roll = { seq, command }
    }
    return roll
  }

  private async logOfFirstEntry(): Promise<string | null> {
    for await (const line of this.pack.lines(LOG)) {
      try {
        const value = decode(line)
        const log = isObject(value) ? value['log'] : undefined
        return typeof log === 'string' && siteOf(log) !== null ? log : null
      } catch (error) {
        if (error instanceof Broken) return null
        throw error
      }
    }
    return null
  }

  // ── the rest ────────────────────────────────────────────────────────────────────────────

  private async receipts(origin: string, opener: NoteOpener): Promise<void> {
    const decided = { origin, bids: this.bids, leaves: this.leaves, heads: this.heads }
    const tick = (done: number) => done % STEP === 0 && this.tell('receipts', done, this.bids.size)
    await checkReceipts(this.check(5), this.pack, opener, decided, tick)
  }

  private textOf(origin: string, size: number): string | null {
    const head = this.heads.find((each) => each.size === size)
    return head === undefined ? null : `${origin}\n${size}\n${base64(rootOf(head))}\n`
  }

  private told(origin: string, root: string): Verdict {
    const failed = this.checks.some((check) => check.failed)
    return {
      pack: this.given.name, log: origin, entries: this.leaves.size, root, ...this.outcome.told(),
      exit_code: failed ? 1 : 0, checks: this.checks.map((check) => check.result()), sale: this.outcome.sale(),
    }
  }

  private check(number: number): Check {
    return this.checks[number - 1] as Check
  }

  private tell(phase: Phase, done: number, of: number): void {
    this.given.tell?.({ phase, done, of })
  }
}

// ── 3 ─────────────────────────────────────────────────────────────────────────────────────

class Order {
  private before = 0

  constructor(
    private readonly check: Check,
    private readonly origin: string,
  ) {}

  see(entry: LotEntry, seq: number): void {
    if (entry.log !== this.origin) this.check.fail('an entry names another log', { seq, expected: this.origin, found: entry.log })
    if (entry.seq !== seq) this.check.fail('an entry names another place', { seq, expected: seq, found: entry.seq })
    if (entry.at < this.before) this.check.fail('time runs backwards', { seq, expected: `at least ${this.before}`, found: entry.at })
    this.before = entry.at
    this.check.counted += 1
  }
}

// ── looking for the roll ──────────────────────────────────────────────────────────────────

const ROLL = [...'"open_roll"'].map((letter) => letter.charCodeAt(0))

function holds(line: Uint8Array, wanted: readonly number[]): boolean {
  const first = wanted[0] as number
  for (let at = line.indexOf(first); at >= 0; at = line.indexOf(first, at + 1)) {
    if (wanted.every((byte, place) => line[at + place] === byte)) return true
  }
  return false
}

function readOrNull(line: Uint8Array): LotEntry | null {
  try {
    const value = decode(line)
    return isLotEntry(value) ? value : null
  } catch (error) {
    if (error instanceof Broken) return null
    throw error
  }
}
