import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Decisions, Health, Result, apply, decide, start } from '../../src/verify/rules'
import type { Command, Event, LotEntry, LotState, Tally } from '../../src/verify/rules'
import { utf8 } from '../../src/verify/core/bytes'
// Honest packs: their logs, and when the bid path was proved.
import packs from '../histories/packs.json'

/** An entry of the log, or a command that the first implementation refused, which leaves none. */
type Line = LotEntry | { readonly at: number; readonly command: Command; readonly refused: string }

// Another folder of histories, made by `python -m tests.corpus.histories --many`, can be named.
const FOLDER = process.env['HISTORIES'] ?? join(__dirname, '..', 'histories')

function* histories(file: string): Iterable<Line[]> {
  let lines: Line[] = []
  for (const text of readFileSync(join(FOLDER, file), 'utf8').trimEnd().split('\n')) {
    const line = JSON.parse(text) as Line
    if ('seq' in line && line.seq === 0) {
      if (lines.length > 0) yield lines
      lines = []
    }
    lines.push(line)
  }
  yield lines
}

/** What this implementation decides where the other decided `line`. */
function answer(lot: LotState | null, line: Line): unknown {
  return JSON.parse(JSON.stringify(decide(lot, line.command, line.at)))
}

/** Publications that were refused, or came to nothing, are asked of no lot. */
function asksNothing(line: Line, lot: LotState | null): boolean {
  const fresh = line.command.type === 'publish_lot' && 'refused' in line && line.refused !== 'ALREADY_PUBLISHED'
  return fresh || lot === null || ('refused' in line && line.refused === 'NOT_PUBLISHED')
}

function replay(lines: readonly Line[]): void {
  let lot: LotState | null = start()
  for (const line of lines) {
    const asked = asksNothing(line, lot) ? null : lot
    const told = 'refused' in line ? { refused: line.refused } : { events: line.events }
    expect(answer(asked, line), JSON.stringify(line).slice(0, 400)).toEqual(told)
    if (!('refused' in line)) lot = apply(asked, line.command, line.events, line.at)
  }
}

const FILES = readdirSync(FOLDER).filter((name) => name.endsWith('.jsonl'))

describe('the rules a second time', () => {
  it.each(FILES)('decide as the first did: %s', (file) => {
    for (const lines of histories(file)) replay(lines)
  })
})

// ── the checks ─────────────────────────────────────────────────────────────────────────────────────────────────────

class Told implements Tally {
  counted = 0
  skipped = ''
  remarked = ''
  failed: { detail: string; seq?: number; expected?: string | number; found?: string | number }[] = []
  fail(detail: string, difference = {}): void {
    this.failed.push({ detail, ...difference })
  }
  skip(reason: string): void {
    this.skipped = reason
  }
  remark(text: string): void {
    this.remarked = text
  }
}

type Pack = { readonly log: readonly LotEntry[]; readonly health: readonly number[] }
const PACKS = packs as unknown as Readonly<Record<string, Pack>>
const pack = (name: string) => PACKS[name] as Pack

interface Checked {
  readonly decisions: Told
  readonly result: Told
  readonly health: Told
}

function check({ log, health }: Pack, rows: readonly string[] = health.map((at) => `{"at":${at},"process":"room-1"}`)): Checked {
  const told = { decisions: new Told(), result: new Told(), health: new Told() }
  const decisions = new Decisions(told.decisions)
  const result = new Result(told.result)
  for (const entry of log) {
    decisions.see(entry)
    result.see(entry)
  }
  decisions.end()
  result.end()
  const series = new Health(told.health, decisions.windows, decisions.outages)
  for (const row of rows) series.row(utf8(row))
  series.end()
  return told
}

/** A pack with one entry changed. */
function changed(name: string, seq: number, change: (entry: any) => void): Pack {
  const whole = structuredClone(pack(name))
  change(whole.log[seq])
  return whole
}

function seqOf(name: string, type: string, nth = 0): number {
  return pack(name).log.filter((entry) => entry.command.type === type)[nth]?.seq as number
}

const SOLD = 'sold_listing'

describe('honest packs', () => {
  it.each(Object.keys(PACKS))('%s holds', (name) => {
    const { decisions, result, health } = check(pack(name))
    expect([decisions.failed, result.failed, health.failed]).toEqual([[], [], []])
    expect(decisions.counted).toBe(pack(name).log.length)
  })
  it('each check tells how much it looked at', () => {
    expect(check(pack(SOLD)).health.counted).toBe(2)
    expect(check(pack('interrupted')).health.counted).toBe(3)
    expect(check(pack('unfinished')).result.skipped).toBe('the sale is not over: TIMED')
  })
})

describe('check 8', () => {
  const bid = seqOf(SOLD, 'place_bid', 5)
  const first = (seq: number, change: (entry: any) => void) => check(changed(SOLD, seq, change)).decisions.failed
  it.each<[string, number, (entry: any) => void]>([
    ['an amount', bid, (e) => (e.command.amount_fen += 1)],
    ['a deadline', bid, (e) => (e.events[0].closes_at += 1)],
    ['the next price', bid, (e) => (e.events[0].minimum_next_fen -= 1)],
    ['a reason', seqOf(SOLD, 'place_bid', 1), (e) => (e.events[0].reason = 'BELOW_MINIMUM')],
    ['an event too many', bid, (e) => e.events.push({ type: 'log_sealed' })],
    ['no event', bid, (e) => e.events.splice(0)],
    ['a field too many', bid, (e) => (e.events[0].reason = 'NONE')],
    ['the time of the decision', bid, (e) => (e.at += 1)],
    ['the time of arrival', bid, (e) => (e.command.received_at += 20_000)],
    ['decided before it arrived', bid, (e) => (e.command.received_at = e.at + 1)],
    ['a path that was not proved', seqOf(SOLD, 'advance', 2), (e) => (e.command.proved_to = 0)],
    ['another stage', 1, (e) => (e.command.leaving = 'LISTING')],
    ['a reserve that was met', seqOf(SOLD, 'open_reserve'), (e) => (e.events[0].met = false)],
    ['one official alone', seqOf(SOLD, 'seal_log'), (e) => (e.command.approver = e.command.requester)],
    ['rules of a later version', 0, (e) => (e.command.rules_version = 2)],
    ['another suite', 0, (e) => (e.command.suite = 'luochui-sm2-sm3-v1')],
    ['a name that nobody knows', 0, (e) => (e.command.rules.extension = 'FOREVER')],
    ['rules that may not be released', 0, (e) => (e.command.rules.countdown_s = 0)],
  ])('convicts %s', (_name, seq, change) => {
    expect(first(seq, change)).toMatchObject([{ seq }])
  })
  it('convicts a bid that is decided twice', () => {
    const id = (pack(SOLD).log[bid - 1]?.command as { bid_id: string }).bid_id
    expect(first(bid, (e) => (e.command.bid_id = id))).toMatchObject([{ seq: bid, detail: 'a bid_id is decided twice' }])
  })
  it('tells what was expected and what was found', () => {
    const [difference] = first(bid, (e) => (e.events[0].closes_at += 1))
    expect(difference?.expected).toContain('closes_at')
    expect(difference?.found).toContain('closes_at')
  })
  it('convicts a log without its first entry, an empty one, and one with an entry that cannot be read', () => {
    const headless = { ...pack(SOLD), log: pack(SOLD).log.slice(1) }
    expect(check(headless).decisions.failed).toMatchObject([{ seq: 1, expected: 'refused: NOT_PUBLISHED' }])
    expect(check({ log: [], health: [] }).decisions.failed).toMatchObject([{ seq: 0 }])
    const told = new Told()
    const decisions = new Decisions(told)
    decisions.see(pack(SOLD).log[0] as LotEntry)
    decisions.cannotRead(1)
    decisions.see(pack(SOLD).log[2] as LotEntry)
    decisions.end()
    expect(told.failed).toEqual([{ seq: 1, detail: 'the entry cannot be read' }])
  })
  it('convicts every figure of every event', () => {
    for (const [name, { log }] of Object.entries(PACKS))
      for (const { seq, events } of log)
        events.forEach((event, place) => {
          for (const [field, value] of Object.entries(event)) {
            if (typeof value !== 'number') continue
            const put = (entry: any) => (entry.events[place][field] = value + 1)
            expect(check(changed(name, seq, put)).decisions.failed, `${name} ${seq} ${field}`).toMatchObject([{ seq }])
          }
        })
  })
})

describe('check 12', () => {
  const close = seqOf(SOLD, 'close_sale')
  const first = (seq: number, change: (entry: any) => void, name = SOLD) => check(changed(name, seq, change)).result.failed
  const event = (entry: any, type: string) => entry.events.find((each: Event) => each.type === type)
  it.each<[string, number, string, (entry: any) => void]>([
    ['another winner', close, 'the hammer fell to another than the highest quote', (e) => (event(e, 'hammer_fell').bidder_no = '7KQ2')],
    ['another price', close, 'the hammer fell to another than the highest quote', (e) => (event(e, 'hammer_fell').amount_fen += 1)],
    ['another total', close, 'the total is not the price', (e) => (event(e, 'lot_sold').total_fen += 100)],
    ['no quote, they say', close, 'there were quotes', (e) => (e.events = [{ type: 'lot_failed', reason: 'NO_QUOTE' }])],
    ['below the reserve, they say', close, 'the reserve was met', (e) => (e.events = [{ type: 'lot_failed', reason: 'BELOW_RESERVE' }])],
    ['a second hammer', close + 1, 'the hammer fell twice', (e) => e.events.push({ type: 'hammer_fell', bidder_no: '7KQ2', amount_fen: 1 })],
  ])('convicts %s', (_name, seq, detail, change) => {
    expect(first(seq, change)[0]).toMatchObject({ seq, detail })
  })
  it('convicts a hammer below the reserve', () => {
    const failed = first(seqOf(SOLD, 'open_reserve'), (e) => (e.command.amount_fen = 10 ** 12))
    expect(failed).toMatchObject([{ seq: close, detail: 'the hammer fell below the reserve' }])
  })
  it('convicts what comes after the seal', () => {
    const { log, health } = pack(SOLD)
    const more = { ...(log[3] as LotEntry), seq: log.length }
    expect(check({ log: [...log, more], health }).result.failed).toMatchObject([{ seq: log.length, detail: 'entries after the seal' }])
  })
  it('says so when the sale is not over, or not sealed', () => {
    const { log, health } = pack(SOLD)
    expect(check({ log: log.slice(0, close), health }).result.skipped).toBe('the sale is not over: CLOSING')
    const ended = check({ log: log.slice(0, close + 1), health }).result
    expect([ended.failed, ended.remarked]).toEqual([[], 'the log is not sealed yet'])
  })
})

describe('check 13', () => {
  const begin = pack(SOLD).log[0]?.at as number
  const without = (from: number, to: number, name = SOLD) => ({
    ...pack(name),
    health: pack(name).health.filter((at) => !(begin + from < at && at < begin + to)),
  })
  const outage = seqOf('interrupted', 'interrupt')
  it.each([
    [5_000, 10_500, []],
    [6_000, 11_000, [6]],
    [24_000, 30_600, [6]],
    [30_600, 34_000, []],
    [30_000, 36_000, [6, 13]],
    [65_000, 70_600, [13]],
    [70_000, 80_000, [13]],
  ])('proofs that are missing from %i to %i ms convict %j', (from, to, seqs) => {
    expect(check(without(from, to)).health.failed.map((each) => each.seq)).toEqual(seqs)
  })
  it('convicts a pack without a series at every window', () => {
    expect(check({ ...pack(SOLD), health: [] }).health.failed.map((each) => each.seq)).toEqual([6, 13])
  })
  it('convicts a window that was proved to after the last proof', () => {
    const seq = seqOf(SOLD, 'advance', 2)
    expect(check(changed(SOLD, seq, (e) => (e.command.proved_to += 1))).health.failed).toMatchObject([{ seq }])
  })
  it.each([
    [2_500, [outage]],
    [2_501, []],
  ])('an outage in which the door was open every %i ms convicts %j', (every, seqs) => {
    const { log, health } = pack('interrupted')
    const dark = health.findIndex((at, index) => index > 0 && at - (health[index - 1] as number) > 5_000)
    const [from, to] = [health[dark - 1] as number, health[dark] as number]
    const steps = Array.from({ length: Math.ceil((to - from) / every) - 1 }, (_, index) => from + (index + 1) * every)
    const told = check({ log, health: [...health, ...steps].sort((a, b) => a - b) })
    expect(told.health.failed.map((each) => each.seq)).toEqual(seqs)
  })
  it.each(['{}', '[]', '{"at":1}', '{"at":"1","process":"x"}', '{"at":true,"process":"x"}', '{"at":1.0,"process":"x"}', '{"at":1,"process":"x"}', ''])(
    'a row that is no proof is named: %s',
    (row) => {
      const rows = [...pack(SOLD).health.map((at) => `{"at":${at},"process":"room-1"}`), row]
      expect(check(pack(SOLD), rows).health.failed).toHaveLength(1)
      expect(check(pack(SOLD), rows).health.failed[0]?.detail).toContain(`line ${rows.length}`)
    },
  )
  it('has nothing to look at before a window closes', () => {
    expect(check({ ...pack(SOLD), log: pack(SOLD).log.slice(0, 3) }).health.skipped).not.toBe('')
  })
})
