import { deflateSync } from 'fflate'
import { afterEach, describe, expect, it } from 'vitest'
import { crc32 } from '../../src/verify/pack/crc32'
import { linesOf } from '../../src/verify/pack/lines'
import { sourceOf } from '../../src/verify/pack/source'
import { Unreadable } from '../../src/verify/pack/unreadable'
import { BOUNDS, Zip } from '../../src/verify/pack/zip'

// ── a small writer of archives, honest or not ─────────────────────────────────────────────

interface Lie {
  readonly flags?: number
  readonly method?: number
  readonly attributes?: number
  readonly system?: number
  readonly size?: number
  readonly packed?: number
  readonly crc?: number
  readonly offset?: number
  readonly localName?: string
  /** Bytes after the file's own in its place. */
  readonly behind?: Uint8Array
}

interface Ends {
  readonly before?: Uint8Array
  readonly after?: Uint8Array
  readonly count?: number
  readonly comment?: number
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

function number(value: number, size: 2 | 4): number[] {
  return Array.from({ length: size }, (_none, at) => Math.floor(value / 2 ** (8 * at)) % 256)
}

function zip(files: readonly (readonly [string, Uint8Array, Lie?])[], ends: Ends = {}): Uint8Array {
  const out: number[] = [...(ends.before ?? [])]
  const directory: number[] = []
  for (const [name, data, lie = {}] of files) {
    const method = lie.method ?? 8
    const packed = [...(method === 8 ? deflateSync(data) : data), ...(lie.behind ?? [])]
    const common = [
      ...number(20, 2), ...number(lie.flags ?? 0, 2), ...number(method, 2), ...number(0, 4), ...number(lie.crc ?? crc32(data), 4),
      ...number(lie.packed ?? packed.length, 4), ...number(lie.size ?? data.length, 4),
    ]
    const offset = lie.offset ?? out.length
    const local = bytes(lie.localName ?? name)
    out.push(0x50, 0x4b, 3, 4, ...common, ...number(local.length, 2), ...number(0, 2), ...local, ...packed)
    directory.push(0x50, 0x4b, 1, 2, 20, lie.system ?? 3, ...common, ...number(bytes(name).length, 2))
    directory.push(...number(0, 4), ...number(0, 4), ...number(lie.attributes ?? 0x81a40000, 4), ...number(offset, 4), ...bytes(name))
  }
  const at = out.length
  const count = ends.count ?? files.length
  out.push(...directory, 0x50, 0x4b, 5, 6, ...number(0, 4), ...number(count, 2), ...number(count, 2))
  out.push(...number(directory.length, 4), ...number(at, 4), ...number(ends.comment ?? 0, 2), ...(ends.after ?? []))
  return Uint8Array.from(out)
}

async function reasonOf(raw: Uint8Array): Promise<string> {
  try {
    const opened = await Zip.open(sourceOf(raw))
    for (const member of opened.members) await opened.read(member)
    return 'read'
  } catch (error) {
    if (error instanceof Unreadable) return error.reason
    throw error
  }
}

async function streamed(raw: Uint8Array): Promise<number> {
  const opened = await Zip.open(sourceOf(raw))
  let size = 0
  for (const member of opened.members) for await (const piece of opened.stream(member)) size += piece.length
  return size
}

const noise = (size: number): Uint8Array => {
  let seed = 7
  return Uint8Array.from({ length: size }, () => (seed = (seed * 1103515245 + 12345) % 2147483648) >>> 16)
}

const LOG = ['log.jsonl', bytes('one\ntwo\n')] as const

describe('an archive', () => {
  it('is read, stored or deflated, whole or in pieces', async () => {
    const big = noise(300_000)
    const raw = zip([LOG, ['receipts/a.tlog-proof', bytes('stored'), { method: 0 }], ['big', big]])
    const opened = await Zip.open(sourceOf(raw))
    const read = await Promise.all(opened.members.map((member) => opened.read(member)))
    expect(read.map((each) => each.length)).toEqual([8, 6, 300_000])
    expect(read[2]).toEqual(big)
    expect(await streamed(raw)).toBe(300_014)
  })
  it('is read from a file of the disk as from memory', async () => {
    const opened = await Zip.open(sourceOf(new Blob([zip([LOG]) as Uint8Array<ArrayBuffer>])))
    expect(new TextDecoder().decode(await opened.read(opened.members[0]!))).toBe('one\ntwo\n')
  })
  it.each([
    ['nothing', new Uint8Array(), 'NOT_A_ZIP'],
    ['anything else', bytes('PK'.repeat(40)), 'NOT_A_ZIP'],
    ['one with bytes behind', zip([LOG], { after: bytes('x') }), 'NOT_A_ZIP'],
    ['one with a comment', zip([LOG], { comment: 1, after: bytes('x') }), 'NOT_A_ZIP'],
    ['one with bytes before', zip([LOG], { before: bytes('#!') }), 'BAD_DIRECTORY'],
    ['one that counts more files', zip([LOG], { count: 2 }), 'BAD_DIRECTORY'],
    ['one that counts fewer', zip([LOG, ['b', bytes('')]], { count: 1 }), 'BAD_DIRECTORY'],
    ['another name in place', zip([['log.jsonl', bytes(''), { localName: 'log.jsonx' }]]), 'BAD_DIRECTORY'],
    ['two files of one name', zip([LOG, LOG]), 'DUPLICATE_NAME'],
    ['a link', zip([['log.jsonl', bytes('/etc'), { attributes: 0xa1ff0000 }]]), 'NOT_A_PLAIN_FILE'],
    ['a folder', zip([['log.jsonl', bytes(''), { attributes: 0x41ed0010 }]]), 'NOT_A_PLAIN_FILE'],
    ['an encrypted file', zip([['log.jsonl', bytes('x'), { flags: 1 }]]), 'ENCRYPTED'],
    ['another method', zip([['log.jsonl', bytes('x'), { method: 12 }]]), 'UNKNOWN_METHOD'],
    ['a bomb', zip([['log.jsonl', new Uint8Array(3 << 20)]]), 'RATIO_TOO_HIGH'],
    ['a file larger than the bound', zip([['log.jsonl', bytes('x'), { size: 2 ** 30 + 1 }]]), 'TOO_LARGE'],
    ['a wrong checksum', zip([['log.jsonl', bytes('x'), { crc: 1 }]]), 'DAMAGED'],
    ['a file longer than it says', zip([['log.jsonl', bytes('abc'), { size: 2, crc: crc32(bytes('ab')) }]]), 'DAMAGED'],
    ['a stored file longer than it says', zip([['a', bytes('abc'), { size: 2, packed: 2, method: 0, crc: crc32(bytes('abc')) }]]), 'DAMAGED'],
    ['a file shorter than it says', zip([['log.jsonl', bytes('abc'), { size: 4 }]]), 'DAMAGED'],
    ['a file that hides bytes', zip([['log.jsonl', bytes('abc'), { behind: bytes('hidden') }]]), 'DAMAGED'],
    ['no deflate at all', zip([['log.jsonl', bytes(''), { packed: 0 }]]), 'DAMAGED'],
    ['files that share bytes', zip([LOG, ['b', bytes('x'), { offset: 0 }]]), 'OVERLAPPING'],
    ['a file that reaches into the directory', zip([['a', bytes('x'), { method: 0, packed: 99, size: 99 }]]), 'OVERLAPPING'],
  ])('%s is refused by name', async (_what, raw, reason) => {
    expect(await reasonOf(raw)).toBe(reason)
  })
  it.each(['../log.jsonl', '/etc/passwd', 'a/b/c', 'a\\b', 'C:log', 'receipts/', '.hidden', 'a/../b', '日志.jsonl', 'LOG', 'a//b', 'x'.repeat(201)])(
    'the name %s is refused', async (name) => {
      expect(await reasonOf(zip([[name, bytes('')]]))).toBe('BAD_NAME')
    },
  )
  it('hides no bytes behind a large file either, which is read in pieces', async () => {
    const raw = zip([['log.jsonl', noise(2 << 20), { behind: bytes('hidden') }]])
    await expect(streamed(raw)).rejects.toThrow('bytes after its end')
  })
  it('gives no more of a file than it announced', async () => {
    const raw = zip([['log.jsonl', noise(200_000), { size: 100_000 }]])
    await expect(streamed(raw)).rejects.toThrow('DAMAGED')
  })
})

describe('bounds', () => {
  const kept = { ...BOUNDS }
  afterEach(() => void Object.assign(BOUNDS, kept))

  it('hold for the number of files and for all of them together', async () => {
    BOUNDS.files = 1
    expect(await reasonOf(zip([LOG, ['b', bytes('')]]))).toBe('TOO_MANY_FILES')
    Object.assign(BOUNDS, kept, { totalBytes: 10 })
    expect(await reasonOf(zip([LOG, ['b', bytes('three')]]))).toBe('TOO_LARGE')
  })
  it('hold for lines: their length, their number and their end', async () => {
    async function* pieces(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
      for (const text of texts) yield bytes(text)
    }
    const read = async (lines: AsyncIterable<Uint8Array>) => {
      const all: string[] = []
      for await (const line of lines) all.push(new TextDecoder().decode(line))
      return all
    }
    expect(await read(linesOf(pieces('a', 'b\n', '\nc', 'd\n'), 'x'))).toEqual(['ab', '', 'cd'])
    await expect(read(linesOf(pieces('a\nb'), 'x'))).rejects.toThrow('LINE_NOT_ENDED')
    await expect(read(linesOf(pieces('a\nb\n'), 'x', 1))).rejects.toThrow('TOO_MANY_LINES')
    await expect(read(linesOf(pieces('abc', 'd\n'), 'x', 9, 3))).rejects.toThrow('LINE_TOO_LONG')
  })
})
