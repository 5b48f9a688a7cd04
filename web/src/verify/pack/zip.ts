/**
 * A strict reader of plain ZIP archives (APPNOTE.TXT 4.3): stored or deflated files, nothing else.
 * Everything is bounded before a byte is unpacked, and a file gives no more than it announced.
 */
import { Inflate, inflateSync } from 'fflate'
import { crc32 } from './crc32'
import type { Source } from './source'
import { need, Unreadable } from './unreadable'

export const BOUNDS = {
  files: 250_000,
  totalBytes: 4 * 2 ** 30,
  fileBytes: 2 ** 30,
  /** Below this, what a file unpacks to is no harm at any ratio. */
  ratioFrom: 2 ** 20,
  ratio: 200,
  nameLength: 200,
  directoryBytes: 64 * 2 ** 20,
}

export interface Member {
  readonly name: string
  /** Bytes unpacked. */
  readonly size: number
  readonly packed: number
  readonly deflated: boolean
  readonly crc: number
  /** Of its local header. */
  readonly offset: number
}

/** One lowercase folder at most, no dot first: nothing that any file system reads otherwise. */
const NAME = /^[a-z0-9][a-z0-9._-]*(?:\/[a-z0-9][a-z0-9._-]*)?$/
const STORED = 0
const DEFLATED = 8
const END = 22
const LOCATOR = 20
const END_64 = 56
const CENTRAL = 46
const LOCAL = 30
const FULL_16 = 0xffff
const FULL_32 = 0xffffffff
/** 16 KiB of deflate unpack to 16 MiB at the very most. */
const PIECE = 16 << 10

export class Zip {
  private constructor(
    private readonly source: Source,
    /** In order of place in the archive. */
    readonly members: readonly Member[],
    /** Where the directory begins. */
    private readonly end: number,
  ) {}

  /** Throws Unreadable. */
  static async open(source: Source): Promise<Zip> {
    const end = await readEnd(source)
    const directory = new Uint8Array(await source.read(end.offset, end.size))
    const members = readDirectory(directory, end.count)
    members.sort((a, b) => a.offset - b.offset)
    judgePlaces(members, end.offset)
    return new Zip(source, members, end.offset)
  }

  /** The whole of a small file. */
  async read(member: Member): Promise<Uint8Array> {
    if (member.size > BOUNDS.ratioFrom || member.packed > BOUNDS.ratioFrom) return joined(this.stream(member), member.size)
    const at = await this.begin(member)
    const packed = await this.source.read(at, member.packed)
    const bytes = member.deflated ? inflated(packed, member) : packed.slice()
    judge(member, bytes.length === member.size && crc32(bytes) === member.crc)
    return bytes
  }

  /** The file in pieces, each valid until the next is asked for. */
  async *stream(member: Member): AsyncGenerator<Uint8Array> {
    const begin = await this.begin(member)
    const unpack = member.deflated ? inflater(member) : (piece: Uint8Array) => [piece]
    let size = 0
    let crc = 0
    for (let at = 0; at < member.packed; at += PIECE) {
      const length = Math.min(PIECE, member.packed - at)
      const last = at + length === member.packed
      // A copy: the source may show other bytes in its window while this piece is still in use.
      for (const piece of unpack((await this.source.read(begin + at, length)).slice(), last)) {
        size += piece.length
        judge(member, size <= member.size)
        crc = crc32(piece, crc)
        yield piece
      }
    }
    judge(member, size === member.size && crc === member.crc)
  }

  /** Where the bytes of a file begin, once its local header agrees with the directory. */
  private async begin(member: Member): Promise<number> {
    const header = await this.source.read(member.offset, LOCAL)
    const view = viewOf(header)
    need(view.getUint32(0, true) === 0x04034b50, 'BAD_DIRECTORY', member.name)
    need((view.getUint16(6, true) & 1) === 0, 'BAD_DIRECTORY', member.name)
    const nameLength = view.getUint16(26, true)
    const at = member.offset + LOCAL + nameLength + view.getUint16(28, true)
    const name = latin(await this.source.read(member.offset + LOCAL, nameLength))
    need(name === member.name, 'BAD_DIRECTORY', member.name)
    need(at + member.packed <= this.limitOf(member), 'OVERLAPPING', member.name)
    judge(member, member.packed > 0 || !member.deflated)
    return at
  }

  private readonly limits = new Map<Member, number>()

  /** Where the next file's header begins. */
  private limitOf(member: Member): number {
    if (this.limits.size === 0) {
      this.members.forEach((each, at) => this.limits.set(each, this.members[at + 1]?.offset ?? this.end))
    }
    return this.limits.get(member) ?? 0
  }
}

// ── the directory ─────────────────────────────────────────────────────────────────────────

interface End {
  readonly count: number
  readonly size: number
  readonly offset: number
}

/** The end record is the last thing in the file: no comment, nothing behind it. */
async function readEnd(source: Source): Promise<End> {
  need(source.size >= END, 'NOT_A_ZIP', `${source.size} bytes`)
  const view = viewOf((await source.read(source.size - END, END)).slice())
  need(view.getUint32(0, true) === 0x06054b50 && view.getUint16(20, true) === 0, 'NOT_A_ZIP', 'no end record')
  const plain = { count: view.getUint16(10, true), size: view.getUint32(12, true), offset: view.getUint32(16, true) }
  const disks = view.getUint16(4, true) === 0 && view.getUint16(6, true) === 0 && view.getUint16(8, true) === plain.count
  need(disks, 'BAD_DIRECTORY', 'several disks')
  const wide = plain.count === FULL_16 || plain.size === FULL_32 || plain.offset === FULL_32
  const end = wide ? await readEnd64(source) : plain
  const before = source.size - END - (wide ? LOCATOR + END_64 : 0)
  need(end.count <= BOUNDS.files, 'TOO_MANY_FILES', String(end.count))
  need(end.size <= BOUNDS.directoryBytes, 'BAD_DIRECTORY', 'too large')
  need(end.offset + end.size === before, 'BAD_DIRECTORY', 'not before the end record')
  return end
}

/** Zip64 (4.3.14, 4.3.15): more files than sixteen bits count. */
async function readEnd64(source: Source): Promise<End> {
  const at = source.size - END - LOCATOR - END_64
  need(at >= 0, 'NOT_A_ZIP', 'no end record')
  const view = viewOf((await source.read(at, END_64 + LOCATOR)).slice())
  const locator = view.getUint32(END_64, true) === 0x07064b50
  need(locator && view.getUint32(0, true) === 0x06064b50, 'NOT_A_ZIP', 'no end record')
  need(whole(view, END_64 + 8) === at && whole(view, 4) === END_64 - 12, 'BAD_DIRECTORY', 'the zip64 locator')
  const disks = view.getUint32(END_64 + 4, true) === 0 && view.getUint32(16, true) === 0 && view.getUint32(20, true) === 0
  const count = whole(view, 32)
  need(disks && whole(view, 24) === count, 'BAD_DIRECTORY', 'several disks')
  return { count, size: whole(view, 40), offset: whole(view, 48) }
}

function readDirectory(bytes: Uint8Array, count: number): Member[] {
  const members: Member[] = []
  const names = new Set<string>()
  let at = 0
  let total = 0
  for (let number = 0; number < count; number += 1) {
    need(at + CENTRAL <= bytes.length, 'BAD_DIRECTORY', 'fewer files than it counts')
    const { member, length } = readMember(bytes, at)
    need(!names.has(member.name), 'DUPLICATE_NAME', member.name)
    names.add(member.name)
    total += member.size
    need(total <= BOUNDS.totalBytes, 'TOO_LARGE', `more than ${BOUNDS.totalBytes} bytes together`)
    members.push(member)
    at += length
  }
  need(at === bytes.length, 'BAD_DIRECTORY', 'more files than it counts')
  return members
}

function readMember(bytes: Uint8Array, at: number): { member: Member; length: number } {
  const view = viewOf(bytes.subarray(at))
  need(view.getUint32(0, true) === 0x02014b50, 'BAD_DIRECTORY', 'no file where one should be')
  const [nameLength, extraLength, commentLength] = [28, 30, 32].map((place) => view.getUint16(place, true)) as [number, number, number]
  const length = CENTRAL + nameLength + extraLength + commentLength
  need(at + length <= bytes.length, 'BAD_DIRECTORY', 'a file reaches out of it')
  const name = latin(bytes.subarray(at + CENTRAL, at + CENTRAL + nameLength))
  need(nameLength <= BOUNDS.nameLength && NAME.test(name), 'BAD_NAME', JSON.stringify(name.slice(0, 60)))
  const method = view.getUint16(10, true)
  // Bits 0 and 6: encryption; bit 13: a masked directory.
  need((view.getUint16(8, true) & 0x2041) === 0, 'ENCRYPTED', name)
  need(method === STORED || method === DEFLATED, 'UNKNOWN_METHOD', name)
  need(view.getUint16(34, true) === 0, 'BAD_DIRECTORY', name)
  need(isPlain(view.getUint16(4, true) >> 8, view.getUint32(38, true)), 'NOT_A_PLAIN_FILE', name)
  const [packed, size, offset] = [20, 24, 42].map((place) => view.getUint32(place, true)) as [number, number, number]
  need(packed !== FULL_32 && size !== FULL_32 && offset !== FULL_32, 'TOO_LARGE', name)
  need(size <= BOUNDS.fileBytes && packed <= BOUNDS.fileBytes, 'TOO_LARGE', name)
  need(size <= BOUNDS.ratioFrom || size <= packed * BOUNDS.ratio, 'RATIO_TOO_HIGH', name)
  need(method === DEFLATED || packed === size, 'BAD_DIRECTORY', name)
  return { member: { name, size, packed, deflated: method === DEFLATED, crc: view.getUint32(16, true), offset }, length }
}

/** Unix writes the file's type into the upper half: 8 is a regular file, 0 says nothing. */
function isPlain(system: number, attributes: number): boolean {
  if ((attributes & 0x10) !== 0) return false // a folder in the sense of MS-DOS
  const type = attributes >>> 28
  return system !== 3 || type === 0 || type === 8
}

/** The files follow one another from the first byte on, and none reaches into the next. */
function judgePlaces(members: readonly Member[], directory: number): void {
  need((members[0]?.offset ?? directory) === 0, 'BAD_DIRECTORY', 'bytes before the first file')
  members.forEach((member, at) => {
    const limit = members[at + 1]?.offset ?? directory
    need(member.offset + LOCAL + member.name.length + member.packed <= limit, 'OVERLAPPING', member.name)
  })
}

// ── unpacking ─────────────────────────────────────────────────────────────────────────────

function judge(member: Member, holds: boolean): asserts holds {
  need(holds, 'DAMAGED', member.name)
}

/** One byte more than announced is room enough to see that there is more. */
function inflated(packed: Uint8Array, member: Member): Uint8Array {
  let bytes: Uint8Array
  try {
    bytes = inflateSync(packed, { out: new Uint8Array(member.size + 1) })
  } catch {
    throw new Unreadable('DAMAGED', member.name)
  }
  need(!endsBefore(packed, member.size), 'DAMAGED', `${member.name}: bytes after its end`)
  return bytes
}

/** Whether the stream is whole without its last byte: then that byte hides behind the end. */
function endsBefore(packed: Uint8Array, size: number): boolean {
  try {
    inflateSync(packed.subarray(0, packed.length - 1), { out: new Uint8Array(size + 1) })
    return packed.length > 0
  } catch {
    return false
  }
}

/** fflate tells nobody when a stream has ended; its state does (`f`: last block, `l`: tables of an open block). */
interface State {
  readonly s: { readonly f?: number; readonly l?: unknown }
}

function inflater(member: Member): (piece: Uint8Array, last: boolean) => Uint8Array[] {
  let out: Uint8Array[] = []
  const stream = new Inflate((bytes) => out.push(bytes))
  const push = (piece: Uint8Array, last: boolean) => {
    try {
      stream.push(piece, last)
    } catch {
      throw new Unreadable('DAMAGED', member.name)
    }
  }
  const ended = () => {
    const { s } = stream as unknown as State
    return Boolean(s.f) && !s.l
  }
  return (piece, last) => {
    out = []
    if (last) {
      push(piece.subarray(0, -1), false)
      need(!ended(), 'DAMAGED', `${member.name}: bytes after its end`)
      push(piece.subarray(-1), true)
    } else push(piece, false)
    return out.filter((each) => each.length > 0)
  }
}

async function joined(pieces: AsyncIterable<Uint8Array>, size: number): Promise<Uint8Array> {
  const whole = new Uint8Array(size)
  let at = 0
  for await (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}

// ── numbers and names ─────────────────────────────────────────────────────────────────────

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** A 64-bit number; none of ours comes near 2^53. */
function whole(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32
}

function latin(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes.subarray(0, 1_000))
}
