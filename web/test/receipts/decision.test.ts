import { describe, expect, it } from 'vitest'
import { base64, concat, fromBase64, utf8 } from '../../src/verify/core/bytes'
import { encode } from '../../src/verify/core/canonical'
import { judge, lotOf, readDecision } from '../../src/receipts/decision'
import { LOT, Log, ORIGIN, SITE, bidEntry, siteKey } from '../verify/logs'

const accepted = bidEntry(0, { bidId: 'a', amountFen: 2_880_000_000 })
const refused = bidEntry(1, { bidId: 'b', amountFen: 1, refusedFor: 'BELOW_MINIMUM' })
const log = new Log([accepted, refused, utf8('{}')])
const states = (file: string) => judge(file, siteKey).parts.map((each) => each.state)

describe('what a receipt says', () => {
  it('is read from its entry', () => {
    expect(readDecision(accepted, 0, ORIGIN)).toEqual({
      log: ORIGIN, lotId: LOT, seq: 0, at: 1_001, receivedAt: 1_000, bidId: 'a', bidderNo: 'K7Q3',
      amountFen: 2_880_000_000, outcome: 'accepted', reason: null, closesAt: 9_000,
    })
    expect(readDecision(refused, 1, ORIGIN)).toMatchObject({ outcome: 'refused', reason: 'BELOW_MINIMUM', closesAt: null })
  })

  it.each([
    ['another place', readDecision.bind(null, accepted, 1, ORIGIN), 'other_place'],
    ['another log', readDecision.bind(null, accepted, 0, `${SITE}/lot/other`), 'other_log'],
    ['another spelling', readDecision.bind(null, concat(accepted, utf8(' ')), 0, ORIGIN), 'not_canonical'],
    ['no bid', readDecision.bind(null, encode({ v: 1, log: ORIGIN, seq: 0, command: { type: 'advance' }, events: [] }), 0, ORIGIN), 'not_a_decision'],
    ['an answer to another', readDecision.bind(null, utf8(new TextDecoder().decode(accepted).replace('"bidder_no":"K7Q3"', '"bidder_no":"M4R8"')), 0, ORIGIN), 'not_a_decision'],
  ])('is not taken from %s', (_what, read, reason) => {
    expect(read).toThrow(reason)
  })

  it('belongs to a lot', () => {
    expect(lotOf(ORIGIN)).toBe(LOT)
    for (const origin of [`${SITE}/house`, `${SITE}/lot/`, `${SITE}/lot/A-1`, `${SITE}/lot/a/b`]) expect(() => lotOf(origin)).toThrow('other_log')
  })
})

describe('a judged file', () => {
  it('holds in all its parts', () => {
    for (const [index, size] of [[0, 1], [0, 3], [1, 2], [1, 3]] as const) {
      const verdict = judge(log.receipt(index, size), siteKey)
      expect(verdict).toMatchObject({ holds: true, decision: { seq: index } })
      expect(verdict.parts.every((each) => each.state === 'HELD')).toBe(true)
    }
  })

  it('names the part that fails, and stops there', () => {
    const file = log.receipt(0)
    expect(states('x')).toEqual(['FAILED', 'REACHED_NOT', 'REACHED_NOT', 'REACHED_NOT'])
    expect(states(file.replace(`${ORIGIN}\n3\n`, `${ORIGIN}\n4\n`))).toEqual(['HELD', 'FAILED', 'REACHED_NOT', 'REACHED_NOT'])
    expect(states(file.replace('index 0', 'index 1'))).toEqual(['HELD', 'HELD', 'FAILED', 'REACHED_NOT'])
    expect(states(log.receipt(2))).toEqual(['HELD', 'HELD', 'HELD', 'FAILED'])
  })

  it('finds any flipped bit', () => {
    const file = log.receipt(1)
    const bytes = utf8(file)
    for (let at = 0; at < bytes.length; at += 1) {
      const other = bytes.map((byte, place) => (place === at ? byte ^ 1 : byte))
      expect(judge(new TextDecoder().decode(other), siteKey).holds, `byte ${at}`).toBe(false)
    }
  })

  it('finds an amount raised by one fen', () => {
    const raised = utf8(new TextDecoder().decode(accepted).split('2880000000').join('2880000001'))
    const file = log.receipt(0).replace(base64(accepted), base64(raised))
    expect(fromBase64(base64(raised))).not.toEqual(accepted)
    expect(judge(file, siteKey)).toMatchObject({ holds: false, decision: null })
    expect(judge(file, siteKey).parts[2]).toEqual({ name: 'place', state: 'FAILED', reason: 'root_differs' })
  })
})
