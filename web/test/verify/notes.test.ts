import { ed25519 } from '@noble/curves/ed25519.js'
import { describe, expect, it } from 'vitest'
import { base64, concat, fromHex, hex, utf8 } from '../../src/verify/core/bytes'
import { cosignatures, isFork, openCheckpoint, openNote, parseNote, readCheckpoint, readVkey, writeVkey } from '../../src/verify/core/notes'
import { parseReceipt, verifyReceipt } from '../../src/verify/core/proof'
import { leafHash, nodeHash } from '../../src/verify/core/tree'
import { SITE, cosign, noteOf, siteKey, witnessKey } from './logs'

// The worked example of C2SP signed-note.
const FOO = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k'
const MESSAGE = `This is an example message.

\u2014 example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
`
// The checkpoint that C2SP tlog-checkpoint and tlog-cosignature show.
const SOFA = `example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

\u2014 example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
\u2014 witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==
`

describe('verifier keys', () => {
  it('reads the published one', () => {
    expect(readVkey(FOO + '\n')).toMatchObject({ name: 'example.com/foo', type: 1, keyId: '530d903a', text: FOO })
  })

  it.each([
    ['another key id', FOO.replace('530d903a', '530d903b'), 'key_id_differs'],
    ['another name', FOO.replace('foo', 'fob'), 'key_id_differs'],
    ['another key', FOO.replace('3U2k', '3U2l'), /key_id_differs/],
    ['a key id in capitals', FOO.replace('530d903a', '530D903A'), 'not_a_vkey'],
    ['a space in the name', FOO.replace('example.com', 'example com'), 'not_a_vkey'],
    ['an ideographic space in the name', FOO.replace('example.com', 'example\u3000com'), 'not_a_vkey'],
    ['another type', 'a+00000000+' + base64(concat(Uint8Array.of(2), new Uint8Array(32))), 'key_type_unknown'],
    ['a short key', 'a+00000000+' + base64(concat(Uint8Array.of(1), new Uint8Array(31))), 'key_type_unknown'],
    ['two lines', FOO + '\n' + FOO, 'not_a_vkey'],
    ['nothing', '', 'not_a_vkey'],
  ])('refuses %s', (_what, text, reason) => {
    expect(() => readVkey(text)).toThrow(reason)
  })
})

describe('signed notes', () => {
  const key = readVkey(FOO)

  it('opens the published one', () => {
    expect(openNote(MESSAGE, [key])).toEqual({ text: 'This is an example message.\n', signers: [key] })
  })

  it('lets text hold empty lines: the last one parts it from the signatures', () => {
    const note = parseNote('Ognuno sta solo sul cuor della terra\n\nèd è subito sera.\n\n\u2014 quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n')
    expect(note.text.split('\n')).toHaveLength(4)
    expect(note.signatures[0]).toMatchObject({ name: 'quasimodo.example/salvatore', keyId: '367ba04b' })
  })

  it('ignores lines of keys it does not know, even of the same name or the same id', () => {
    const own = MESSAGE.trimEnd().split('\n').pop() as string
    const sameName = `\u2014 example.com/foo ${base64(new Uint8Array(68))}`
    const sameId = own.replace('example.com/foo', 'example.com/bar')
    expect(openNote(MESSAGE + sameName + '\n' + sameId + '\n', [key]).signers).toEqual([key])
    expect(() => openNote(`x\n\n${sameName}\n${sameId}\n`, [key])).toThrow('not_signed')
  })

  it.each([
    ['a changed text', MESSAGE.replace('example', 'Example'), 'signature_wrong'],
    ['a signature cut short', MESSAGE.replace('yaQM=\n', '\n'), /signature_wrong|not_base64/],
    ['a wrong line of a known key beside a right one', MESSAGE + `\u2014 example.com/foo ${base64(concat(fromHex('530d903a'), new Uint8Array(64)))}\n`, 'signature_wrong'],
    ['no last newline', MESSAGE.trimEnd(), 'not_a_note'],
    ['no signature', 'text\n\n', 'not_a_note'],
    ['no empty line', MESSAGE.replace('\n\n', '\n'), 'not_a_note'],
    ['a hyphen for the dash', MESSAGE.replace('\u2014', '-'), 'not_a_note'],
    ['two spaces', MESSAGE.replace('foo U', 'foo  U'), 'not_a_note'],
    ['a carriage return', MESSAGE.replace(/\n/g, '\r\n'), 'not_a_note'],
    ['a tab in the text', MESSAGE.replace('an example', 'an\texample'), 'not_a_note'],
    ['a thousand signatures', MESSAGE + `\u2014 a ${base64(new Uint8Array(68))}\n`.repeat(1000), 'not_a_note'],
  ])('refuses %s', (_what, note, reason) => {
    expect(() => openNote(note, [key])).toThrow(reason)
  })

  it('takes sixteen signatures', () => {
    expect(openNote(MESSAGE + `\u2014 a ${base64(new Uint8Array(68))}\n`.repeat(15), [key]).signers).toHaveLength(1)
  })

  it("does not take a witness's key for a log's", () => {
    const witness = readVkey(writeVkey(key.name, 4, key.publicKey))
    expect(() => openNote(MESSAGE, [witness])).toThrow('not_signed')
  })
})

describe('checkpoints', () => {
  it('reads the published one, and the line that its witness signed', () => {
    const { text, signatures } = parseNote(SOFA)
    expect(readCheckpoint(text)).toMatchObject({ origin: 'example.com/behind-the-sofa', size: 20852163 })
    expect(signatures.map(({ name, keyId }) => [name, keyId])).toEqual([
      ['example.com/behind-the-sofa', '033de0ae'],
      ['witness.example.com/w1', '8d66cf3f'],
    ])
    expect(BigInt('0x' + hex((signatures[1]?.signature as Uint8Array).subarray(0, 8)))).toBe(1679315147n)
  })

  it.each([
    ['two lines', 'a/b\n1\n'],
    ['an extension line', `a/b\n1\n${base64(new Uint8Array(32))}\nmore\n`],
    ['a leading zero', `a/b\n01\n${base64(new Uint8Array(32))}\n`],
    ['a sign', `a/b\n+1\n${base64(new Uint8Array(32))}\n`],
    ['a short root', `a/b\n1\n${base64(new Uint8Array(31))}\n`],
    ['no origin', `\n1\n${base64(new Uint8Array(32))}\n`],
  ])('refuses %s', (_what, text) => {
    expect(() => readCheckpoint(text)).toThrow('not_a_checkpoint')
  })

  const root = leafHash(utf8('x'))
  it("is of a log of the key's own site", () => {
    const mine = noteOf(`${SITE}/lot/a-1`, 1, root)
    expect(openCheckpoint(mine, siteKey, `${SITE}/lot/a-1`)).toMatchObject({ size: 1, origin: `${SITE}/lot/a-1` })
    expect(openCheckpoint(mine, siteKey).note).toBe(mine)
    expect(() => openCheckpoint(mine, siteKey, `${SITE}/lot/a-2`)).toThrow('other_log')
    expect(() => openCheckpoint(noteOf('elsewhere.example/lot/a-1', 1, root), siteKey)).toThrow('other_log')
    expect(() => openCheckpoint(noteOf(`${SITE}x/lot/a-1`, 1, root), siteKey)).toThrow('other_log')
  })

  it('knows a fork', () => {
    const head = (size: number, leaf: string, lot = 'a') => readCheckpoint(`${SITE}/lot/${lot}\n${size}\n${base64(leafHash(utf8(leaf)))}\n`)
    expect(isFork(head(3, 'x'), head(3, 'y'))).toBe(true)
    expect(isFork(head(3, 'x'), head(3, 'x'))).toBe(false)
    expect(isFork(head(3, 'x'), head(4, 'y'))).toBe(false)
    expect(isFork(head(3, 'x'), head(3, 'y', 'b'))).toBe(false)
  })
})

describe('cosignatures', () => {
  const note = noteOf(`${SITE}/lot/a-1`, 1, leafHash(utf8('x')))

  it('are verified for the witnesses that are known, and give the time', () => {
    const line = cosign(note, 1_700_000_000)
    expect(cosignatures(note + line, [witnessKey])).toEqual([{ name: witnessKey.name, time: 1_700_000_000 }])
    expect(cosignatures(note + line, [])).toEqual([])
    expect(cosignatures(note, [witnessKey])).toEqual([])
    expect(openCheckpoint(note + line, siteKey).size).toBe(1)
  })

  it('do not hold for another time, another head, or a plain signature', () => {
    const line = cosign(note, 1_700_000_000)
    const bytes = parseNote(note + line).signatures[1]?.signature as Uint8Array
    const spelled = (signature: Uint8Array) => `\u2014 ${witnessKey.name} ${base64(concat(fromHex(witnessKey.keyId), signature))}\n`
    const later = bytes.slice()
    later[7] = (later[7] as number) + 1
    const past = bytes.slice()
    past[0] = 0x80
    const other = noteOf(`${SITE}/lot/a-1`, 2, leafHash(utf8('x')))
    for (const given of [note + spelled(later), note + spelled(past), other + line, note + spelled(bytes.slice(8)), note + spelled(bytes.slice(0, 71))]) {
      expect(() => cosignatures(given, [witnessKey])).toThrow('cosignature_wrong')
    }
  })
})

describe('receipts', () => {
  const [a, b] = [utf8('{"a":1}'), utf8('{"b":1}')]
  const origin = `${SITE}/lot/a-1`
  const note = noteOf(origin, 2, nodeHash(leafHash(a), leafHash(b)))
  const good = `c2sp.org/tlog-proof@v1\nextra ${base64(b)}\nindex 1\n${base64(leafHash(a))}\n\n${note}`

  it('reads the worked example of C2SP tlog-proof as far as it is printed', () => {
    const printed = 'c2sp.org/tlog-proof@v1\nindex 73894\ngSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=\nB95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=\n\nexample.com/fancylog\n109482\nsFodV/vSp5O8n9a8QpW6PRY97tfOSW5bsc2Xl/EQi08=\n\n'
    const { extra, index, hashes, note: head } = parseReceipt(printed)
    expect([extra, index, hashes.length, head.split('\n')[1]]).toEqual([null, 73894, 2, '109482'])
  })

  it('proves its entry at its place', () => {
    expect(verifyReceipt(good, siteKey, origin)).toMatchObject({ entry: b, index: 1, checkpoint: { size: 2, origin } })
    expect(verifyReceipt(good, siteKey).checkpoint.note).toBe(note)
  })

  it.each([
    ['another entry', good.replace(base64(b), base64(a)), 'root_differs'],
    ['another place', good.replace('index 1', 'index 0'), 'root_differs'],
    ['a place past the end', good.replace('index 1', 'index 2'), 'index_out_of_range'],
    ['a cut proof', good.replace(base64(leafHash(a)) + '\n', ''), 'proof_too_short'],
    ['a padded proof', good.replace('index 1\n', `index 1\n${base64(leafHash(a))}\n`), 'proof_too_long'],
    ['a short hash', good.replace(base64(leafHash(a)), base64(leafHash(a).slice(1))), 'not_a_proof'],
    ['no entry', good.replace(/extra .*\n/, ''), 'no_entry'],
    ['an index with a zero before', good.replace('index 1', 'index 01'), 'not_a_proof'],
    ['another first line', good.replace('@v1', '@v2'), 'not_a_proof'],
    ['other newlines', good.replace(/\n/g, '\r\n'), 'not_a_proof'],
    ['no checkpoint', good.split('\n\n')[0] as string, 'not_a_proof'],
    ['another head', good.replace(`${origin}\n2\n`, `${origin}\n3\n`), 'signature_wrong'],
    ['nothing', '', 'not_a_proof'],
  ])('refuses %s', (_what, text, reason) => {
    expect(() => verifyReceipt(text, siteKey, origin)).toThrow(reason)
  })

  it("refuses another log's receipt, and another key's", () => {
    expect(() => verifyReceipt(good, siteKey, `${SITE}/lot/a-2`)).toThrow('other_log')
    const stranger = readVkey(writeVkey(SITE, 1, ed25519.getPublicKey(new Uint8Array(32).fill(9))))
    expect(() => verifyReceipt(good, stranger, origin)).toThrow('not_signed')
  })
})
