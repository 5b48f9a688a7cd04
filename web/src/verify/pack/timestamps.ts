/** Check 15: the timestamps of a pack, each over one of its checkpoints (RFC 3161). */
import { sha256 } from '@noble/hashes/sha2.js'
import { Broken } from '../core/broken'
import { equal, utf8 } from '../core/bytes'
import type { LotEntry } from '../../api/wire'
import type { Check } from './check'
import type { Leaves } from './leaves'
import type { Pack } from './packed'
import { Unreadable } from './unreadable'

type Tokens = typeof import('./tokens')
type Authority = ReturnType<Tokens['readAuthorities']>[number]

const SKEW_MS = 60_000
const NAME = /^timestamps\/(0|[1-9][0-9]{0,15})\.tsr$/
const MOST_BYTES = 64 * 1024

export interface Authorities {
  readonly tokens: Tokens
  readonly certificates: readonly Authority[]
}

/** The parser of tokens is fetched only when there is something to parse. Throws Unreadable. */
export async function readAuthorities(pems: readonly string[]): Promise<Authorities | null> {
  if (pems.length === 0) return null
  const tokens = await import('./tokens')
  try {
    return { tokens, certificates: pems.flatMap((pem) => tokens.readAuthorities(pem)) }
  } catch (error) {
    if (error instanceof Broken) throw new Unreadable('BAD_AUTHORITY', error.message)
    throw error
  }
}

// ── the moments that want a stamp ─────────────────────────────────────────────────────────

export type MomentKind = 'opening' | 'suspension' | 'resumption' | 'interval' | 'close' | 'seal'

export interface Moment {
  readonly kind: MomentKind
  readonly seq: number
  /** UTC ms. */
  readonly at: number
}

const BIDDING: ReadonlySet<string> = new Set(['LISTING', 'TIMED'])
const INTERVAL_MS = 600_000

/** Reads the moments out of the entries, one after another. */
export class Moments {
  readonly all: Moment[] = []
  sealed = false
  private opened = false
  private last: number | null = null

  see({ seq, at, command, events }: LotEntry): void {
    const add = (kind: MomentKind) => {
      this.all.push({ kind, seq, at })
      if (kind !== 'interval') this.last = at
    }
    // Ten minutes in which nothing was written want no stamp: there would be nothing new under it.
    if (this.last !== null && at - this.last >= INTERVAL_MS) {
      this.all.push({ kind: 'interval', seq, at: this.last + INTERVAL_MS })
      this.last += Math.floor((at - this.last) / INTERVAL_MS) * INTERVAL_MS
    }
    for (const event of events) {
      if (event.type === 'stage_changed' && BIDDING.has(event.to) && !this.opened) {
        this.opened = true
        add('opening')
      }
      if (event.type === 'suspended' || event.type === 'interrupted') add('suspension')
      if (event.type === 'resumed') add('resumption')
      if (event.type === 'log_sealed') add('seal')
      if (event.type === 'stage_changed' && event.to === 'CLOSING') this.last = null
      if (event.type === 'log_sealed') this.sealed = true
    }
    if (command.type === 'close_sale') add('close')
    if (command.type === 'close_sale') this.last = null
  }
}

// ── the check ─────────────────────────────────────────────────────────────────────────────

export interface Stamped {
  readonly leaves: Leaves
  readonly moments: Moments
  /** Text of the checkpoint of that size, or null. */
  textOf(size: number): string | null
}

interface Read {
  readonly size: number
  readonly genTime: number
}

export async function checkTimestamps(check: Check, pack: Pack, authorities: Authorities | null, log: Stamped): Promise<void> {
  const names = pack.folder('timestamps')
  const read: Read[] = []
  for (const name of names) {
    check.counted += 1
    const token = await readOne(check, pack, name, authorities, log)
    if (token !== null) read.push(token)
  }
  if (authorities === null) {
    check.skip(names.length === 0 ? 'the pack holds no timestamps' : `no certificate of an authority was given: ${names.length} timestamps were not judged`)
    return
  }
  const close = log.moments.all.find((moment) => moment.kind === 'close')
  if (log.moments.sealed && close !== undefined && !read.some((token) => token.size > close.seq)) {
    check.fail('no timestamp covers the close of the sale', { seq: close.seq })
  }
  check.remark(remarkOf(log.moments.all, read))
}

async function readOne(check: Check, pack: Pack, name: string, authorities: Authorities | null, log: Stamped): Promise<Read | null> {
  const size = Number(NAME.exec(name)?.[1] ?? NaN)
  const text = Number.isNaN(size) ? null : log.textOf(size)
  const differ = (detail: string, found?: string) => check.fail(`${name}: ${detail}`, found === undefined ? {} : { found })
  if (text === null) {
    differ('no checkpoint of this size is in the pack')
    return null
  }
  try {
    if (pack.size(name) > MOST_BYTES) throw new Broken('not_a_timestamp', 'too large')
    const tokens = authorities?.tokens ?? (await import('./tokens'))
    const token = tokens.readToken(await pack.read(name))
    if (!equal(token.imprint, sha256(utf8(text)))) throw new Broken('other_checkpoint', 'it stamps another text')
    if (authorities !== null) {
      await tokens.verifyToken(token, authorities.certificates)
      const at = log.leaves.timeOf(size - 1)
      if (token.genTime < at - SKEW_MS) {
        const difference = { expected: `at least ${at - SKEW_MS}`, found: token.genTime }
        check.fail(`${name}: stamped before its last entry was decided`, difference)
      }
    }
    return { size, genTime: token.genTime }
  } catch (error) {
    if (!(error instanceof Broken)) throw error
    differ(error.message)
    return null
  }
}

/** How long the moments waited for a stamp that covers them, and which never got one. */
function remarkOf(moments: readonly Moment[], tokens: readonly Read[]): string {
  const missing: MomentKind[] = []
  let longest = 0
  for (const moment of moments) {
    const covering = tokens.filter((token) => token.size > moment.seq).map((token) => token.genTime)
    if (covering.length === 0) missing.push(moment.kind)
    else longest = Math.max(longest, Math.min(...covering) - moment.at)
  }
  const delay = `the longest delay of a timestamp is ${Math.ceil(longest / 1000)} s`
  return missing.length === 0 ? delay : `${delay}; without one: ${[...new Set(missing)].join(', ')}`
}
