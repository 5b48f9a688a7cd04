/** C2SP tlog-policy: which logs and witnesses are known, and whose cosignatures together are enough. */
import { Broken } from '../core/broken'
import { LOG_KEY, readVkey, WITNESS_KEY, type Vkey } from '../core/notes'
import { hex } from '../core/bytes'
import { need } from './unreadable'

export interface Policy {
  readonly logs: readonly Vkey[]
  /** Name in the policy → key. */
  readonly witnesses: ReadonlyMap<string, Vkey>
  /** Whether the witnesses of these policy names together are the quorum. */
  satisfied(names: ReadonlySet<string>): boolean
}

type Rule = (names: ReadonlySet<string>) => boolean

const MOST_LINES = 1_000
/** Of logs, of witnesses and of groups. */
const MOST = 32
const MOST_CHARACTERS = 200_000

/** Throws Unreadable BAD_POLICY with the number of the line. */
export function readPolicy(text: string): Policy {
  need(text.length <= MOST_CHARACTERS, 'BAD_POLICY', 'too long')
  // An editor may leave the last line without its newline; nothing is cut off by that.
  const lines = text.replace(/\n$/, '').split('\n')
  need(lines.length <= MOST_LINES, 'BAD_POLICY', 'too many lines')
  const reader = new Reader()
  lines.forEach((line, at) => reader.read(line, at + 1))
  return reader.policy()
}

class Reader {
  private readonly logs: Vkey[] = []
  private readonly witnesses = new Map<string, Vkey>()
  private readonly rules = new Map<string, Rule>()
  private quorum: Rule | null = null

  read(line: string, number: number): void {
    const bad = (detail: string) => `line ${number}: ${detail}`
    need(!/[\u0000-\u0008\u000a-\u001f\u007f]/.test(line), 'BAD_POLICY', bad('a control character'))
    const words = line.split(/[ \t]+/).filter((word) => word !== '')
    if (words.length === 0 || words[0]?.startsWith('#') === true) return
    const [kind, ...rest] = words as [string, ...string[]]
    const why = this.take(kind, rest)
    need(why === null, 'BAD_POLICY', bad(why ?? ''))
  }

  private take(kind: string, words: readonly string[]): string | null {
    if (kind === 'log') return this.takeLog(words)
    if (kind === 'witness') return this.takeWitness(words)
    if (kind === 'group') return this.takeGroup(words)
    if (kind === 'quorum') return this.takeQuorum(words)
    return 'neither log, witness, group nor quorum'
  }

  private takeLog(words: readonly string[]): string | null {
    if (words.length < 1 || words.length > 2) return 'log <vkey> [<url>]'
    const key = keyOf(words[0] as string, LOG_KEY)
    if (key === null) return 'not the key of a log'
    if (this.logs.some((each) => sameKey(each, key))) return 'a log stands twice'
    if (this.logs.length === MOST) return 'too many logs'
    this.logs.push(key)
    return null
  }

  private takeWitness(words: readonly string[]): string | null {
    if (words.length < 2 || words.length > 3) return 'witness <name> <vkey> [<url>]'
    const [name, vkey] = words as [string, string]
    const key = keyOf(vkey, WITNESS_KEY)
    if (key === null) return 'not the key of a witness'
    if ([...this.witnesses.values()].some((each) => sameKey(each, key))) return 'a witness stands twice'
    if (this.witnesses.size === MOST) return 'too many witnesses'
    if (!this.name(name, (names) => names.has(name))) return 'a name that is taken'
    this.witnesses.set(name, key)
    return null
  }

  private takeGroup(words: readonly string[]): string | null {
    if (words.length < 3) return 'group <name> all|any|<k> <name>...'
    const [name, threshold, ...members] = words as [string, string, ...string[]]
    const least = threshold === 'all' ? members.length : threshold === 'any' ? 1 : /^[1-9][0-9]{0,5}$/.test(threshold) ? Number(threshold) : 0
    if (least < 1 || least > members.length) return 'the threshold of a group'
    if ((this.groups += 1) > MOST) return 'too many groups'
    const rules = members.map((member) => this.rules.get(member))
    if (rules.includes(undefined)) return 'a member that no line before has defined'
    for (const member of members) {
      // Each witness counts in one way only.
      if (this.members.has(member)) return 'a member of two groups'
      this.members.add(member)
    }
    return this.name(name, (names) => rules.filter((rule) => rule?.(names) === true).length >= least) ? null : 'a name that is taken'
  }

  private readonly members = new Set<string>()
  private groups = 0

  private takeQuorum(words: readonly string[]): string | null {
    if (words.length !== 1) return 'quorum <name>'
    if (this.quorum !== null) return 'a second quorum'
    const rule = words[0] === 'none' ? () => true : this.rules.get(words[0] as string)
    if (rule === undefined) return 'a quorum that no line before has defined'
    this.quorum = rule
    return null
  }

  private name(name: string, rule: Rule): boolean {
    if (name === 'none' || this.rules.has(name)) return false
    this.rules.set(name, rule)
    return true
  }

  policy(): Policy {
    const { logs, witnesses, quorum } = this
    need(quorum !== null, 'BAD_POLICY', 'no quorum')
    return { logs, witnesses, satisfied: quorum }
  }
}

function keyOf(text: string, type: number): Vkey | null {
  try {
    const key = readVkey(text)
    return key.type === type && key.text === text ? key : null
  } catch (error) {
    if (error instanceof Broken) return null
    throw error
  }
}

function sameKey(a: Vkey, b: Vkey): boolean {
  return hex(a.publicKey) === hex(b.publicKey)
}
