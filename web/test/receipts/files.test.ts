import { zipSync } from 'fflate'
import { describe, expect, it } from 'vitest'
import { MAX_RECEIPT_BYTES, MAX_RECEIPTS, readFiles } from '../../src/receipts/files'

const text = (words: string) => new TextEncoder().encode(words)
const file = (bytes: Uint8Array, name = 'r.tlog-proof') => new File([bytes as Uint8Array<ArrayBuffer>], name)

describe('files', () => {
  it('are read one by one and out of archives', async () => {
    const zip = zipSync({ 'lot/b.tlog-proof': text('b'), 'lot/a.tlog-proof': text('a'), 'house/0.tlog-proof': text('h'), 'log.jsonl': text('x') })
    const found = await readFiles([file(text('one')), file(zip, 'all.zip')])
    expect(found.map(({ name, text: words }) => [name, words])).toEqual([['r.tlog-proof', 'one'], ['lot/a.tlog-proof', 'a'], ['lot/b.tlog-proof', 'b']])
  })

  it.each([
    ['too large', file(new Uint8Array(MAX_RECEIPT_BYTES + 1)), 'too_big'],
    ['not UTF-8', file(Uint8Array.of(0xff)), 'not_a_proof'],
    ['an archive cut short', file(zipSync({ 'a.tlog-proof': text('a'.repeat(999)) }).slice(0, 60)), 'not_a_zip'],
    ['an archive without receipts', file(zipSync({ 'a.txt': text('a') })), 'empty_zip'],
    ['an archive with a bomb', file(zipSync({ 'a.tlog-proof': new Uint8Array(MAX_RECEIPT_BYTES + 1) })), 'too_big'],
  ])('are refused by name when %s', async (_what, given, reason) => {
    expect(await readFiles([given])).toEqual([{ name: given.name, text: null, reason }])
  })

  it('that lie about their unpacked size write no more than they claim', async () => {
    const zip = zipSync({ 'a.tlog-proof': new Uint8Array(4 * MAX_RECEIPT_BYTES) })
    const view = new DataView(zip.buffer)
    for (let at = 0; at + 30 < zip.length; at += 1) {
      if (view.getUint32(at, true) === 0x02014b50) view.setUint32(at + 24, 10, true)
    }
    const [found] = await readFiles([file(zip)])
    expect((found?.text ?? '').length).toBeLessThanOrEqual(10)
  })

  it('have a bound on their number', async () => {
    const many = Object.fromEntries(Array.from({ length: MAX_RECEIPTS + 5 }, (_none, at) => [`${at}.tlog-proof`, text('x')]))
    expect(await readFiles([file(zipSync(many, { level: 0 }))])).toHaveLength(MAX_RECEIPTS)
  })
})
