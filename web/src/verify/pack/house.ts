/** Check 10: what the house log says of this lot, proven entry by entry under one signed house head. */
import { Broken } from '../core/broken'
import { fromUtf8, hex } from '../core/bytes'
import { decode } from '../core/canonical'
import type { Note } from '../core/notes'
import { parseReceipt } from '../core/proof'
import { leafHash, verifyInclusion } from '../core/tree'
import type { Check } from './check'
import type { NoteOpener, Opened } from './heads'
import { MAX_PROOF_BYTES, type Pack } from './packed'
import { isHouseEntry, type HouseEntry } from './schema'

export interface Admission {
  readonly bidder_no: string
  readonly key_id: string
  readonly public_key: string
  readonly identity_commitment: string
  readonly admission: number
}

export interface House {
  /** By house-log seq. */
  readonly admissions: ReadonlyMap<number, Admission>
  /** Bidder numbers whose admission was revoked, and when first (ms). */
  readonly revoked: ReadonlyMap<string, number>
  readonly births: readonly string[]
  readonly seals: readonly { readonly size: number; readonly root: string }[]
  /** Under which all entries stand; `notes` are its spellings, as far as their signature lines differ. */
  readonly head: Opened | null
  readonly notes: readonly Note[]
  /** The newest of the proven entries, UTC ms. */
  readonly newest: number | null
}

const NAME = /^house\/(0|[1-9][0-9]*)\.tlog-proof$/

/** Reads and proves the entries in order of seq; the ones that do not hold are named and left out. */
export async function readHouse(check: Check, pack: Pack, opener: NoteOpener, site: string, lotId: string): Promise<House> {
  const proven: HouseEntry[] = []
  const notes = new Map<string, Note>()
  let head: Opened | null = null
  for (const name of inOrder(pack.folder('house'))) {
    check.counted += 1
    try {
      if (pack.size(name) > MAX_PROOF_BYTES) throw new Broken('too_large')
      const { entry, under } = await prove(await pack.read(name), name, opener, site, lotId)
      head ??= under
      if (head.size !== under.size || head.rootHex !== under.rootHex) throw new Broken('another_head', 'proven against another house head than the others')
      notes.set(under.note.signatures.map((line) => line.line).join('\n'), under.note)
      proven.push(entry)
    } catch (error) {
      if (!(error instanceof Broken)) throw error
      check.fail(`${name}: ${error.message}`)
    }
  }
  const newest = proven.length === 0 ? null : Math.max(...proven.map((entry) => entry.at))
  return { ...gathered(proven), head, notes: [...notes.values()], newest }
}

function inOrder(names: readonly string[]): readonly string[] {
  const seq = (name: string) => Number(NAME.exec(name)?.[1] ?? Infinity)
  return [...names].sort((a, b) => seq(a) - seq(b) || (a < b ? -1 : 1))
}

async function prove(
  bytes: Uint8Array, name: string, opener: NoteOpener, site: string, lotId: string,
): Promise<{ entry: HouseEntry; under: Opened }> {
  const { extra, index, hashes, note } = parseReceipt(fromUtf8(bytes))
  if (extra === null) throw new Broken('no_entry')
  const origin = `${site}/house`
  const under = await opener.open(note, origin)
  verifyInclusion(leafHash(extra), index, under.size, hashes, rootOf(under))
  const entry = decode(extra)
  if (!isHouseEntry(entry)) throw new Broken('not_an_entry')
  if (entry.log !== origin) throw new Broken('other_log', entry.log)
  if (entry.seq !== index || NAME.exec(name)?.[1] !== String(index)) throw new Broken('other_place', `seq ${entry.seq} at index ${index}`)
  // Acts, looks, keys and policies name no lot_id: which of them a pack shows is its maker's choice.
  const about = entry.command['lot_id'] ?? lotId
  if (about !== lotId) throw new Broken('other_lot', `an entry about another lot: ${entry.command.type}`)
  return { entry, under }
}

export function rootOf({ rootHex }: { readonly rootHex: string }): Uint8Array {
  return Uint8Array.from(rootHex.match(/../g) as string[], (pair) => parseInt(pair, 16))
}

function gathered(entries: readonly HouseEntry[]): Omit<House, 'head' | 'notes' | 'newest'> {
  const admissions = new Map<number, Admission>()
  const revoked = new Map<string, number>()
  const births: string[] = []
  const seals: { size: number; root: string }[] = []
  for (const { at, command, seq } of entries) {
    const told = command as unknown as Admission & { leaf_hash: string; size: number; root: string }
    if (command.type === 'record_admission') {
      const { bidder_no, key_id, public_key, identity_commitment } = told
      admissions.set(seq, { bidder_no, key_id, public_key, identity_commitment, admission: seq })
    }
    if (command.type === 'revoke_admission' && !revoked.has(told.bidder_no)) revoked.set(told.bidder_no, at)
    if (command.type === 'lot_born') births.push(told.leaf_hash)
    if (command.type === 'lot_sealed') seals.push({ size: told.size, root: told.root })
  }
  return { admissions, revoked, births, seals }
}

/** The birth is of this entry 0, and a recorded final head is this log's. */
export function checkHouse(check: Check, house: House, firstLeaf: Uint8Array | null, size: number, root: string): void {
  if (house.births.length !== 1) {
    check.fail('the house log must tell of one birth of this lot', { expected: 1, found: house.births.length })
  } else {
    const found = firstLeaf === null ? 'no entry' : hex(firstLeaf)
    if (house.births[0] !== found) check.fail('the lot that was born is another', { seq: 0, expected: house.births[0] ?? '', found })
  }
  for (const seal of house.seals) {
    if (seal.size === size && seal.root === root) continue
    const told = (n: number, hash: string) => `${n} entries, root ${hash}`
    check.fail('the log that was sealed is another', { expected: told(seal.size, seal.root), found: told(size, root) })
  }
}
