/** The pack as named files: each is hashed as it is read, because the manifest speaks of all of them. */
import { sha256 } from '@noble/hashes/sha2.js'
import { hex } from '../core/bytes'
import { linesOf, MAX_ENTRIES, MAX_LINES } from './lines'
import type { Source } from './source'
import { need } from './unreadable'
import { Zip, type Member } from './zip'

export const MANIFEST = 'manifest.json'
export const LOG = 'log.jsonl'
export const CHECKPOINTS = 'checkpoints.txt'
export const HEALTH = 'health.jsonl'
const MAX_MANIFEST_BYTES = 64 * 2 ** 20
/** A proof larger than this fails its check unread. */
export const MAX_PROOF_BYTES = 12_000_000

export class Pack {
  private readonly members: ReadonlyMap<string, Member>
  /** SHA-256 of each file that was read to its end. */
  readonly digests = new Map<string, string>()

  private constructor(private readonly zip: Zip) {
    this.members = new Map(zip.members.map((member) => [member.name, member]))
  }

  /** Throws Unreadable. */
  static async open(source: Source): Promise<Pack> {
    const pack = new Pack(await Zip.open(source))
    for (const name of [MANIFEST, LOG, CHECKPOINTS]) need(pack.has(name), 'MISSING_FILE', name)
    need(pack.size(MANIFEST) <= MAX_MANIFEST_BYTES, 'TOO_LARGE', MANIFEST)
    return pack
  }

  get names(): readonly string[] {
    return [...this.members.keys()].sort()
  }

  has(name: string): boolean {
    return this.members.has(name)
  }

  size(name: string): number {
    return this.members.get(name)?.size ?? 0
  }

  /** Names of one folder, in order of name. */
  folder(folder: string): readonly string[] {
    return this.names.filter((name) => name.startsWith(`${folder}/`))
  }

  async read(name: string): Promise<Uint8Array> {
    const bytes = await this.zip.read(this.member(name))
    if (!this.digests.has(name)) this.digests.set(name, hex(sha256(bytes)))
    return bytes
  }

  async *stream(name: string): AsyncGenerator<Uint8Array> {
    const hash = this.digests.has(name) ? null : sha256.create()
    for await (const piece of this.zip.stream(this.member(name))) {
      hash?.update(piece)
      yield piece
    }
    if (hash !== null) this.digests.set(name, hex(hash.digest()))
  }

  lines(name: string): AsyncGenerator<Uint8Array> {
    return linesOf(this.stream(name), name, name === LOG ? MAX_ENTRIES : MAX_LINES)
  }

  /** Reads what nothing else has read, for the sake of its hash. */
  async digest(name: string): Promise<string> {
    if (!this.digests.has(name)) for await (const _piece of this.stream(name));
    return this.digests.get(name) as string
  }

  private member(name: string): Member {
    const member = this.members.get(name)
    need(member !== undefined, 'MISSING_FILE', name)
    return member
  }
}
