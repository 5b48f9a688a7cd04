/** Check 4: the signed heads of the log, each of which must be the root of the entries up to its size. */
import { sha256 } from '@noble/hashes/sha2.js'
import { Broken } from '../core/broken'
import { fromUtf8, hex, utf8 } from '../core/bytes'
import { LOG_KEY, parseNote, readCheckpoint, type Note, type Vkey } from '../core/notes'
import { Frontier } from '../core/tree'
import type { Check } from './check'
import { MAX_LINE_BYTES } from './lines'
import { ed25519Holds } from './keys'
import { CHECKPOINTS, type Pack } from './packed'
import { need } from './unreadable'

export interface Head {
  readonly size: number
  readonly rootHex: string
}

/** What a note says under which signatures of the log: equal keys need no second verification. */
export interface Opened {
  readonly origin: string
  readonly size: number
  readonly rootHex: string
  readonly note: Note
}

/** Opens notes of one key; what it has verified once it knows again. */
export class NoteOpener {
  private readonly known = new Set<string>()

  constructor(
    private readonly vkey: Vkey,
    private readonly site: string,
  ) {}

  /** Throws Broken: of what `parseNote` and `readCheckpoint` throw, `signature_wrong`, `not_signed`, `other_log`. */
  async open(text: string, origin: string): Promise<Opened> {
    const note = parseNote(text)
    const own = note.signatures.filter((line) => line.name === this.vkey.name && line.keyId === this.vkey.keyId)
    if (this.vkey.name !== this.site) throw new Broken('other_log', `${this.vkey.name} for ${origin}`)
    if (this.vkey.type !== LOG_KEY || own.length === 0) throw new Broken('not_signed')
    const name = hex(sha256(utf8([note.text, ...own.map((line) => line.line)].join('\n'))))
    if (!this.known.has(name)) {
      for (const line of own) {
        const holds = await ed25519Holds(this.vkey.publicKey, line.signature, utf8(note.text))
        if (!holds) throw new Broken('signature_wrong', line.name)
      }
      this.known.add(name)
    }
    const read = readCheckpoint(note.text)
    if (read.origin !== origin) throw new Broken('other_log', read.origin)
    return { origin, size: read.size, rootHex: hex(read.root), note }
  }
}

/** The notes of checkpoints.txt one by one: text, empty line, signatures, and an empty line before the next. */
export async function* notesOf(pack: Pack): AsyncGenerator<string> {
  let lines: string[] = []
  let length = 0
  let blanks = 0
  let promised = false
  for await (const line of pack.lines(CHECKPOINTS)) {
    length += line.length + 1
    need(length <= MAX_LINE_BYTES, 'LINE_TOO_LONG', CHECKPOINTS)
    blanks += line.length === 0 ? 1 : 0
    if (blanks === 2) {
      yield lines.join('')
      ;[lines, length, blanks, promised] = [[], 0, 0, true]
    } else {
      lines.push(`${loose(line)}\n`)
      promised = false
    }
  }
  // An empty line at the end of the file promises a note that never comes.
  if (lines.length > 0 || promised) yield lines.join('')
}

/** Bytes that are no UTF-8 make a note that no key has signed. */
function loose(line: Uint8Array): string {
  try {
    return fromUtf8(line)
  } catch {
    return '\u0000'
  }
}

export interface ReadHead extends Head {
  readonly note: Note
}

/** Every head that is rightly signed, in the order of the file; the others are named. */
export async function* headsOf(check: Check, pack: Pack, opener: NoteOpener, origin: string, vkey: Vkey): AsyncGenerator<ReadHead> {
  let before = 0
  for await (const text of notesOf(pack)) {
    check.counted += 1
    let head: Opened
    try {
      head = await opener.open(text, origin)
    } catch (error) {
      if (!(error instanceof Broken)) throw error
      check.fail(`checkpoint ${check.counted} is not signed by this key for this log`, { expected: vkey.text, found: error.message })
      continue
    }
    if (head.size <= before) {
      check.fail('checkpoints do not ascend', { expected: `more than ${before}`, found: head.size })
      continue
    }
    before = head.size
    yield { size: head.size, rootHex: head.rootHex, note: head.note }
  }
}

/** Follows the log, entry by entry, and holds each head to the tree as it stood then. */
export class TreeWalk {
  readonly tree = new Frontier()
  private next = 0

  constructor(
    private readonly check: Check,
    private readonly heads: readonly Head[],
  ) {}

  append(leaf: Uint8Array): void {
    this.tree.append(leaf)
    const head = this.heads[this.next]
    if (head === undefined || head.size !== this.tree.size) return
    this.next += 1
    const root = hex(this.tree.root)
    if (root !== head.rootHex) this.check.fail('a signed root is not that of the entries', { expected: head.rootHex, found: root })
  }

  /** After the last entry. */
  end(): void {
    const last = this.heads[this.heads.length - 1]?.size ?? 0
    const size = this.tree.size
    if (last > size) this.check.fail('a signed head covers entries that are gone', { seq: size, expected: last, found: size })
    else if (last < size || size === 0) this.check.fail('no signed head covers the last entries', { seq: last, expected: size, found: last })
  }
}

/** The place of the smallest head that covers an entry: the head of its batch. */
export function batchOf(heads: readonly Head[], seq: number): Head | undefined {
  let [low, high] = [0, heads.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((heads[middle] as Head).size > seq) high = middle
    else low = middle + 1
  }
  return heads[low]
}

