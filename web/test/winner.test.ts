import { describe, expect, it } from 'vitest'
import type { LotEntry, WinnerOpening } from '../src/api/wire'
import { judgeWinner } from '../src/result/winner'

// A commitment made by the service.
const LOG = 'auction.example.cn/lot/hj-2017-07'
const company: WinnerOpening = {
  lot_id: 'hj-2017-07',
  log: LOG,
  bidder_no: 'K7Q3',
  commitment: '3acb0a0a15be9d7b8c702026d0f84038ca98dc505b8a60fb506897fb6e9271e0',
  name: '黄骅“海丰”置业有限公司',
  kind: 'COMPANY',
  id_number: '91130983MA0EXAMPLE',
  salt: '3c'.repeat(32),
}
const row = (bidder_no: string, identity_commitment: string) => ({ bidder_no, identity_commitment, key_id: 'ab'.repeat(8), public_key: '00', admission: 3 })
const ROLL = [row('A4C6', '11'.repeat(32)), row('K7Q3', company.commitment)]

function log(hammers: readonly string[] = ['K7Q3'], roll = ROLL, origin = LOG): LotEntry[] {
  const fallen = hammers.map((bidder_no) => ({ type: 'hammer_fell', bidder_no, amount_fen: 1 }))
  return [
    { at: 1, seq: 0, v: 1, log: origin, events: fallen, command: { type: 'advance' } },
    { at: 2, seq: 1, v: 1, log: origin, events: [], command: { type: 'open_roll', head_counts: [], roll } },
  ] as unknown as LotEntry[]
}

describe('the published winner', () => {
  it('fits when the opening gives the commitment on the roll of the number that the hammer named', () => {
    expect(judgeWinner(company, log())).toBe('fits')
  })
  it.each([
    ['name', { name: '别人有限公司' }],
    ['number', { id_number: '91130983MA0EXAMPLF' }],
    ['salt', { salt: '3d'.repeat(32) }],
  ])('with another %s does not open the commitment', (_what, change) => {
    expect(judgeWinner({ ...company, ...change }, log())).toBe('wrongOpening')
  })
  it('is not who the hammer named', () => {
    expect(judgeWinner(company, log(['A4C6']))).toBe('otherWinner')
    expect(judgeWinner(company, log([]))).toBe('otherWinner')
  })
  it('has a commitment that does not stand on the roll, or stands in another log', () => {
    expect(judgeWinner({ ...company, commitment: '22'.repeat(32) }, log())).toBe('notOnRoll')
    expect(judgeWinner(company, log(['K7Q3'], [row('A4C6', company.commitment)]))).toBe('notOnRoll')
    expect(judgeWinner(company, log(['K7Q3'], ROLL, 'auction.example.cn/lot/hj-2017-08'))).toBe('notOnRoll')
  })
  it('who is a person is on the roll, and the number stays sealed', () => {
    const { salt: _salt, id_number: _number, ...sealed } = company
    expect(judgeWinner({ ...sealed, kind: 'PERSON' }, log())).toBe('onRoll')
    expect(judgeWinner({ ...sealed, kind: 'PERSON', commitment: '22'.repeat(32) }, log())).toBe('notOnRoll')
  })
  it('that calls himself a company and hides what a company shows is not called checked', () => {
    const { salt: _salt, ...hidden } = company
    expect(judgeWinner(hidden, log())).toBe('wrongOpening')
  })
})
