import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { judge, type Verdict } from '../../src/verify/pack/judge'
import { readPolicy } from '../../src/verify/pack/policy'
import { isHouseEntry, isLotEntry } from '../../src/verify/pack/schema'
import type { Json } from '../../src/verify/core/canonical'

interface Kept {
  readonly file: string
  readonly report: Verdict
  readonly policy: string | null
  readonly tsa: readonly string[]
}

// Made by `python -m tests.browser.two_verifiers`, with what the verifier in Python says of each.
const folder = new URL('../packs/', import.meta.url)
const { vkey, packs } = JSON.parse(readFileSync(new URL('packs.json', folder), 'utf8')) as {
  vkey: string
  packs: Record<string, Kept>
}

const read = (name: string) => new Uint8Array(readFileSync(new URL((packs[name] as Kept).file, folder)))

function verify(name: string, given: { vkey?: string; policy?: string; tsa?: readonly string[] } = {}): Promise<Verdict> {
  return judge(read(name), { name, vkey, ...given })
}

const statuses = (report: Verdict) => report.checks.map((check) => `${check.number} ${check.status} ${check.first_seq ?? '-'} ${check.counted}`)

describe('packs that another verifier has judged', () => {
  it.each(Object.entries(packs))('%s', async (name, { report, policy, tsa }) => {
    const found = await verify(name, { policy: policy ?? undefined, tsa })
    expect(statuses(found)).toEqual(statuses(report))
    for (const field of ['log', 'entries', 'root', 'outcome', 'winner_no', 'amount_fen', 'exit_code'] as const) {
      expect(found[field]).toEqual(report[field])
    }
  })
})

describe('what a person gives', () => {
  it('wrong names its reason and judges nothing', async () => {
    const wrong = [
      { vkey: 'no key' }, { vkey: '' }, { policy: 'quorum nobody\n' }, { policy: '' }, { tsa: ['hello'] },
      { vkey: vkey.replace('+A', '+B') },
    ]
    const reports = await Promise.all(wrong.map((given) => verify('honest: unfinished', given)))
    const reasons = reports.map((report) => report.error?.split(':')[0])
    expect(reasons).toEqual(['BAD_KEY', 'BAD_KEY', 'BAD_POLICY', 'BAD_POLICY', 'BAD_AUTHORITY', 'BAD_KEY'])
    expect(reports.every((report) => report.exit_code === 2 && report.checks.length === 0)).toBe(true)
  })
  it('is told how far the work is', async () => {
    const phases = new Set<string>()
    await judge(read('honest: sold_listing'), { name: 'x', vkey, tell: ({ phase }) => phases.add(phase) })
    expect([...phases]).toEqual(['opening', 'entries', 'files'])
  })
})

describe('a pack with one byte bent', () => {
  it('is never taken for whole, and never brings the verifier down', async () => {
    const raw = read('honest: unfinished')
    const was = await verify('honest: unfinished')
    for (let at = 0; at < raw.length; at += 37) {
      const bent = raw.slice()
      bent[at] = (bent[at] as number) ^ 0x41
      const found = await judge(bent, { name: 'x', vkey })
      // Dates and the like carry no meaning.
      if (found.exit_code === 0) expect(statuses(found)).toEqual(statuses(was))
    }
  })
})

describe('a policy', () => {
  const [line] = /^witness.*$/m.exec((packs['seen and stamped'] as Kept).policy as string) as RegExpExecArray
  const full = (packs['seen and stamped'] as Kept).policy as string

  it('says whose cosignatures together are enough', () => {
    const { satisfied } = readPolicy(full)
    expect(satisfied(new Set(['notary', 'supervisor']))).toBe(true)
    expect(satisfied(new Set(['notary']))).toBe(false)
    expect(readPolicy('quorum none\n').satisfied(new Set())).toBe(true)
  })
  it.each([
    ['a second quorum', `${full}quorum none\n`],
    ['a quorum of the unknown', full.replace('quorum two', 'quorum ten')],
    ['a threshold that cannot be met', full.replace('three 2', 'three 4')],
    ['a threshold of nought', full.replace('three 2', 'three 0')],
    ['a member twice', full.replace('three 2 ', 'three 2 notary ')],
    ['a witness twice', `${line?.replace('witness ', 'witness x')}\n${full}`],
    ['a name twice', full.replace('group two-of-three', 'group notary')],
    ['the reserved name', full.replace('group two-of-three', 'group none')],
    ['a carriage return', full.replace(/\n/g, '\r\n')],
    ['another word', `hello\n${full}`],
    ['too many groups', `${full.replace(/^(group|quorum).*\n/gm, '')}${Array.from({ length: 33 }, (_none, at) => `group g${at} any ${at === 0 ? 'notary' : `g${at - 1}`}\n`).join('')}quorum g32\n`],
  ])('with %s is refused', (_what, text) => {
    expect(() => readPolicy(text)).toThrow('BAD_POLICY')
  })
})

describe('the schema of entries', () => {
  const bid = {
    at: 1, log: 'a/lot/abc', seq: 3, v: 1, events: [{ type: 'bid_refused', bidder_no: '7KQ2', amount_fen: 1, reason: 'CLOSED', minimum_fen: 2 }],
    command: {
      type: 'place_bid', bid_id: '00000000-0000-4000-8000-000000000000', bidder_no: '7KQ2', amount_fen: 1, seen_seq: 2, jump_confirmed: false,
      received_at: 1, key_id: '0123456789abcdef', signature: `${'A'.repeat(86)}==`,
    },
  }
  const house = { at: 1, log: 'a/house', seq: 3, v: 1, events: [], command: { type: 'lot_born', lot_id: 'abc', leaf_hash: 'ab'.repeat(32) } }

  it('takes what the specification lists', () => {
    expect(isLotEntry(bid)).toBe(true)
    expect(isLotEntry({ ...bid, command: { ...bid.command, admission: 4 } } as unknown as Json)).toBe(true)
    expect(isHouseEntry(house)).toBe(true)
  })
  it.each([
    { ...bid, extra: 1 }, { ...bid, v: 2 }, { ...bid, v: true }, { ...bid, seq: -1 }, { ...bid, events: [{ type: 'lot_given_away' }] },
    { ...bid, command: { ...bid.command, amount_fen: '1' } }, { ...bid, command: { ...bid.command, bidder_no: '7kq2' } },
    { ...bid, command: { ...bid.command, more: 1 } }, { ...bid, command: { ...bid.command, type: 'constructor' } },
    { ...bid, command: { type: 'place_bid' } }, { ...bid, command: [] }, { ...house }, [], 'text', 1,
  ])('refuses case %#', (entry) => {
    expect(isLotEntry(entry as unknown as Json)).toBe(false)
  })
  it('refuses a house entry with events, or with a command of a lot', () => {
    expect(isHouseEntry({ ...house, events: [{}] } as unknown as Json)).toBe(false)
    expect(isHouseEntry({ ...bid, events: [] } as unknown as Json)).toBe(false)
  })
})
