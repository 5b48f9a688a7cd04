import { describe, expect, it } from 'vitest'
import type { HouseCommand, LotEntry, OpenedIdentity } from '../src/api/wire'
import { check, faults, rollOf, type Roll } from '../src/supervision/identities'
import { answered, halted } from '../src/supervision/answers'
import { official, sentence, subject } from '../src/supervision/sentences'
import { s } from '../src/supervision/text'

// Commitments made by the service, so that two hands agree on their bytes.
const ORIGIN = 'auction.example.cn/lot/hj-2017-07'
const SALT = '3c'.repeat(32)
const company: OpenedIdentity = {
  bidder_no: 'K7Q3',
  commitment: '3acb0a0a15be9d7b8c702026d0f84038ca98dc505b8a60fb506897fb6e9271e0',
  name: '黄骅“海丰”置业有限公司',
  kind: 'COMPANY',
  id_number: '91130983MA0EXAMPLE',
  salt: SALT,
}
const person: OpenedIdentity = {
  bidder_no: 'A4C6',
  commitment: '6013ca982c8b40a5a29928e21c47fe5cccf7e7ea4a669e3ad106aec65afac541',
  name: '张\\三"',
  kind: 'PERSON',
  id_number: '130983199001011234',
  salt: SALT,
}
const roll = (...rows: OpenedIdentity[]): Roll => ({ origin: ORIGIN, sealed: new Map(rows.map((row) => [row.bidder_no, row.commitment])) })
const findings = (items: OpenedIdentity[], on: Roll) => check({ items }, on).map((row) => row.finding)

describe('an opened identity', () => {
  it('fits when it opens the commitment that stands on the roll', () => {
    expect(findings([company, person], roll(company, person))).toEqual(['fits', 'fits'])
  })
  it.each([
    ['another name', { name: '别人有限公司' }],
    ['another number', { id_number: '91130983MA0EXAMPLF' }],
    ['another kind', { kind: 'PERSON' as const }],
    ['another salt', { salt: '3d'.repeat(32) }],
    ['no salt at all', { salt: 'x' }],
    ['a name in another form of Unicode', { name: 'é' }],
  ])('does not open with %s', (_what, change) => {
    expect(findings([{ ...company, ...change }], roll(company))).toEqual(['wrongOpening'])
  })
  it('of another lot does not fit: the commitment names its log', () => {
    expect(findings([company], { ...roll(company), origin: 'auction.example.cn/lot/hj-2017-08' })).toEqual(['wrongOpening'])
  })
  it('whose commitment was exchanged is not on the roll, though it opens', () => {
    expect(findings([{ ...company, bidder_no: 'A4C6' }], roll(person))).toEqual(['notOnRoll'])
    expect(findings([company], roll())).toEqual(['notOnRoll'])
  })
  it('that is left out is missed', () => {
    const rows = check({ items: [company] }, roll(company, person))
    expect(rows.map((row) => row.finding)).toEqual(['fits', 'missing'])
    expect(faults(rows)).toBe(1)
  })
  it('that was destroyed after its term contradicts nothing', () => {
    const { bidder_no, commitment } = company
    const rows = check({ items: [{ bidder_no, commitment }] }, roll(company))
    expect(rows.map((row) => row.finding)).toEqual(['destroyed'])
    expect(faults(rows)).toBe(0)
  })
  it('is compared with the roll that the log opened', () => {
    const opened = { type: 'open_roll', head_counts: [], roll: [{ bidder_no: 'K7Q3', key_id: 'ab'.repeat(8), public_key: '00', identity_commitment: company.commitment, admission: 3 }] }
    const entries = [{ at: 1, seq: 0, v: 1, log: ORIGIN, events: [], command: opened }] as unknown as LotEntry[]
    expect(rollOf(entries)).toEqual(roll(company))
    expect(rollOf([])).toEqual({ origin: '', sealed: new Map() })
  })
})

describe('a house entry as a sentence', () => {
  const look: HouseCommand = { type: 'record_look', subject: 'lot/hj-2017-07', field: 'identities', reason: '年度抽查', requester: 'supervisor-0c41be77' }
  it.each<[HouseCommand, string]>([
    [{ type: 'lot_born', lot_id: 'hj-2017-07', leaf_hash: 'ab'.repeat(32) }, '标的 hj-2017-07 发布，日志诞生'],
    [look, '监管 0c41be77 查看了全部竞买人身份（标的 hj-2017-07），事由：年度抽查'],
    [{ ...look, field: 'pack', reason: 'command line', requester: 'operator-00000000' }, '机房命令行 查看了证据包（标的 hj-2017-07），事由：在服务器上导出'],
    [{ type: 'record_action', action: 'APPROVE_REVOKE', subject: 'lot/hj-2017-07', requester: 'reviewer-41d0c7aa', approver: 'approver-b7d21f04' }, '受理 41d0c7aa：批准撤销竞买资格（标的 hj-2017-07），审批 b7d21f04 审批'],
    [{ type: 'revoke_admission', lot_id: 'hj-2017-07', bidder_no: 'K7Q3', reason: 'COLLUSION' }, '标的 hj-2017-07：撤销竞买号 K7Q3 的资格，原因：串标围标'],
    [{ type: 'record_action', action: 'SOMETHING_NEW', subject: 'refund/1', requester: 'finance-41d0c7aa' }, '财务 41d0c7aa：SOMETHING_NEW（refund/1）'],
  ])('%j', (command, words) => expect(sentence(command)).toBe(words))
  it('of a kind that this page does not know is shown by its kind', () => {
    expect(sentence({ type: 'record_weather' } as unknown as HouseCommand)).toBe('其他记录：record_weather')
  })
  it('names officials and what they touched', () => {
    expect(official('publisher-5e0c91aa')).toBe('承办 5e0c91aa')
    expect(subject('lot/hj-2017-07/refund/01a2')).toBe('标的 hj-2017-07 的一笔退款')
    expect(subject('deposit/unmatched')).toBe('未匹配款项')
    expect(subject('approver-b7d21f04')).toBe('审批 b7d21f04')
  })
  it('has a word for every kind of entry that it has a sentence for', () => {
    expect(Object.keys(s.value.kinds)).toHaveLength(9)
  })
})

describe('what a witness came to', () => {
  it.each([
    ['no answer within 5000 ms', '5000 毫秒内没有回应'],
    ['no answer: All connection attempts failed', '没有回应（All connection attempts failed）'],
    ['HTTP 403: unknown log', '拒绝（HTTP 403：unknown log）'],
    ['its clock is 90 s behind the entries it stamped', '其时钟比所签记录慢 90 秒'],
    ['something new', 'something new'],
  ])('%s', (said, shown) => expect(answered(said)).toBe(shown))
})

describe('why a log is signed no more', () => {
  // The service's sentences, as `witnesses.py`, `trees.py` and `evidence.py` make them.
  const log = 'auction.example.cn/lot/hj-2017-07'
  const remedy =
    'Nothing is signed here: put the newest database back in service (to its last WAL record), keep this one as evidence, and see docs/operations.md.'
  const told = '此处不再签名：请恢复使用最新的数据库（直到最后一条预写日志），将本库留作证据，并查阅操作手册。'

  it.each([
    ['the witness w1.example holds 12 entries and this database has 9: it is an older backup or another history', '见证人 w1.example 见过 12 条，本数据库只有 9 条，是较旧的备份或另一份历史。'],
    ['at size 9 the witness w1.example holds the root 00aa11bb22cc33dd… and this database (12 entries) gives 99aa11bb22cc33dd…: it is another history', '见证人 w1.example 在第 9 条处的树根为 00aa11bb22cc33dd…，本数据库（12 条）为 99aa11bb22cc33dd…，是另一份历史。'],
    ['lot/hj-2017-07: the stored leaves do not give the head of 9', '所存记录算不出第 9 条处的树头。'],
    ['the stored entries do not give the head of 9: this database was changed from outside', '所存记录算不出第 9 条处的树头，本数据库被人从外部改动过。'],
    ["a witness's cosignature of 9 entries is of another head (no quorum): this database was changed from outside", '见证人对 9 条的共签属于另一个树头（no quorum），本数据库被人从外部改动过。'],
  ])('%s', (why, shown) => {
    const said = `${log}: ${why}. ${remedy}`
    expect(halted(said)).toBe(`${log}：${shown}${told}`)
    expect(answered(said)).toBe(`${log}：${shown}${told}`)
  })

  it('shows a sentence that it does not know as it is', () => expect(halted('something new. Nothing.')).toBe('something new. Nothing.'))
})
