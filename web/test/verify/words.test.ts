import { afterEach, describe, expect, it } from 'vitest'
import { readFileSync } from 'node:fs'
import { language } from '../../src/text'
import { spoken, spokenValue } from '../../src/verify/words'

afterEach(() => (language.value = 'zh'))

/** The sentences of checks, as the verifier's own text spells them. */
const FILES = ['documents', 'heads', 'house', 'judge', 'manifest', 'opened', 'receipts', 'timestamps', 'witnesses'].map((name) => `pack/${name}`)
const sentences = [...FILES, 'rules/health', 'rules/result'].flatMap((name) => {
  const text = readFileSync(new URL(`../../src/verify/${name}.ts`, import.meta.url), 'utf-8')
  return [...text.matchAll(/(?:fail|skip|remark)\('((?:[^'\\]|\\.)+)'/g)].map((found) => (found[1] as string).replace(/\\'/g, "'"))
})

describe('what a check says', () => {
  it('is said in Chinese, sentence by sentence', () => {
    expect(sentences.length).toBeGreaterThan(20)
    expect(sentences.filter((each) => !/[\u4e00-\u9fff]/.test(spoken(each)))).toEqual([])
  })
  it('keeps its names and figures', () => {
    expect(spoken('house/12.tlog-proof: other_lot: an entry about another lot: record_admission')).toBe('house/12.tlog-proof 写的是另一个标的（record_admission）')
    expect(spokenValue('holds another entry, at index 3')).toBe('证明的是另一条，位置 3')
    expect(spokenValue('15 entries, root 6b95')).toBe('15 条，树根 6b95')
    expect(spokenValue('fbf187bc')).toBe('fbf187bc')
  })
  it('stays English for English readers', () => {
    language.value = 'en'
    expect(spoken('no bid was decided')).toBe('no bid was decided')
    expect(spokenValue('a valid signature')).toBe('a valid signature')
  })
})
