import { afterEach, describe, expect, it, vi } from 'vitest'
import { announcedName, hashOf, mediaOf, sizeWord, typeWord } from '../src/documents/files'

const text = (words: string) => new TextEncoder().encode(words).buffer as ArrayBuffer
const ABC = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad' // FIPS 180-4

describe('a document as a file', () => {
  afterEach(() => vi.unstubAllGlobals())

  it('has the type that its ending promises', () => {
    expect(mediaOf('出让公告.PDF')).toBe('application/pdf')
    expect(mediaOf('plan.jpeg')).toBe('image/jpeg')
    for (const name of ['a.exe', 'a.svg', 'a.html', 'pdf', 'a.pdf.exe', 'a.constructor', '']) expect(mediaOf(name)).toBeNull()
    expect(typeWord('image/jpeg')).toBe('JPEG')
    expect(typeWord('application/pdf')).toBe('PDF')
  })
  it('has its SHA-256, with WebCrypto and without', async () => {
    expect(await hashOf(text('abc'))).toBe(ABC)
    vi.stubGlobal('crypto', {})
    expect(await hashOf(text('abc'))).toBe(ABC)
  })
  it('bears a name of composed characters, bounded, with its ending', () => {
    expect(announcedName('e\u0301.txt')).toBe('\u00e9.txt')
    const long = announcedName('𠀀'.repeat(300) + '.docx')
    expect(long.endsWith('.docx')).toBe(true)
    expect(long.length).toBeLessThanOrEqual(200)
    expect(long).not.toMatch(/[\ud800-\udbff](?![\udc00-\udfff])/)
  })
  it('tells its size as people do', () => {
    expect([sizeWord(900), sizeWord(300_008), sizeWord(10_485_760), sizeWord(1_572_864)]).toEqual(['900 B', '293.0 KB', '10 MB', '1.5 MB'])
  })
})
