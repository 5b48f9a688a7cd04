/** Check 14: what the witnesses of a policy have signed, and whether it is enough for a sealed log. */
import { Broken } from '../core/broken'
import { verifyCosignature, type Note } from '../core/notes'
import type { Check } from './check'
import type { Leaves } from './leaves'
import type { Policy } from './policy'

/** The clocks of a witness and of the log may differ by this much. */
const SKEW_MS = 60_000

/** One head and who stands behind it, by names of the policy. */
interface Cosigned {
  readonly size: number
  readonly names: ReadonlySet<string>
  /** The earliest time at which a known witness saw it, UTC ms; Infinity when none has. */
  readonly seenAt: number
}

export class Witnesses {
  private readonly heads: Cosigned[] = []
  private last = new Set<string>()
  private covered = 0

  constructor(
    private readonly check: Check,
    private readonly policy: Policy | null,
  ) {}

  /** A head of the log, in order of size. */
  seeHead(size: number, note: Note): void {
    if (this.policy === null) return
    const seen = this.open(note, `size ${size}`)
    this.last = new Set(seen.keys())
    if (this.policy.satisfied(this.last)) this.covered = size
    if (seen.size > 0) this.heads.push({ size, names: this.last, seenAt: Math.min(...seen.values()) })
  }

  /** The known witnesses that signed, with their times in ms; a wrong signature of one is a difference. */
  private open(note: Note, where: string): ReadonlyMap<string, number> {
    const seen = new Map<string, number>()
    let wrong = false
    for (const [name, key] of this.policy?.witnesses ?? []) {
      for (const line of note.signatures) {
        if (line.name !== key.name || line.keyId !== key.keyId) continue
        try {
          seen.set(name, Math.min(seen.get(name) ?? Infinity, verifyCosignature(note.text, line, key) * 1000))
        } catch (error) {
          if (!(error instanceof Broken)) throw error
          wrong = true
          this.check.fail('the cosignature of a witness is wrong', { found: `${key.name}, ${where}` })
        }
      }
    }
    // A note with a wrong signature of a known key is not believed at all (signed-note).
    if (wrong) seen.clear()
    this.check.counted += seen.size
    return seen
  }

  /** `house.notes`: the one house head of the pack, as often as it is spelled with other signatures. */
  end(leaves: Leaves, sealed: boolean, house: { readonly notes: readonly Note[]; readonly sealed: boolean; readonly newest: number | null }): void {
    if (this.policy === null) return this.check.skip('no policy was given: nobody says which witnesses are to be believed')
    for (const head of this.heads) this.judgeTimes(head, leaves)
    if (sealed && !this.policy.satisfied(this.last)) {
      this.check.fail('the log is sealed without the quorum of the policy', { found: [...this.last].join(', ') || '-' })
    }
    const seen = house.notes.flatMap((note) => [...this.open(note, 'the house head')])
    const names = new Set(seen.map(([name]) => name))
    const limit = Math.min(...seen.map(([, at]) => at)) + SKEW_MS
    if (house.newest !== null && house.newest > limit) {
      this.check.fail('a house entry is dated after a witness had seen it', { expected: `at most ${limit}`, found: house.newest })
    }
    if (house.sealed && !this.policy.satisfied(names)) {
      this.check.fail('the house head does not have the quorum of the policy', { found: [...names].join(', ') || '-' })
    }
    this.check.remark(`the quorum covers ${Math.min(this.covered, leaves.size)} of ${leaves.size} entries`)
  }

  /** A witness cannot have seen a head before its entries were decided. Times ascend, so the last tells. */
  private judgeTimes({ size, seenAt }: Cosigned, leaves: Leaves): void {
    const limit = seenAt + SKEW_MS
    for (let seq = Math.min(size, leaves.size) - 1; seq >= 0; seq -= 1) {
      const at = leaves.timeOf(seq)
      if (Number.isNaN(at)) continue
      if (at <= limit) return
      this.check.fail('an entry is dated after a witness had seen it', { seq, expected: `at most ${limit}`, found: at })
    }
  }
}
