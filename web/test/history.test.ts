import { expect, it } from 'vitest'
import { historyRows } from '../src/room/view'

const quote = (seq: number, stage: string, closes_at: number) => ({
  seq, stage, closes_at, at: seq, bidder_no: 'M4T8', amount_fen: seq,
})

it('puts each extension in its own row above its quote, numbered from the first', () => {
  const rows = historyRows([quote(1, 'LISTING', 50), quote(2, 'TIMED', 60), quote(3, 'TIMED', 70), quote(4, 'TIMED', 70)], 2)
  expect(rows.map((row) => (row.kind === 'quote' ? row.quote.seq : `${row.number}→${row.closesAt}`))).toEqual([
    4, '2→70', 3, '1→60', 2, 1,
  ])
})

it('numbers the rows that are on screen when earlier ones are not loaded', () => {
  const [first] = historyRows([quote(90, 'TIMED', 900)], 41)
  expect(first).toMatchObject({ kind: 'extension', number: 41 })
})
