/** One numbered check while it is made: what it counted, and the first thing that differs. */
import type { VerifyReport } from '../../api/wire'

export type CheckResult = VerifyReport['checks'][number]

export const NAMES = [
  'pack and manifest', 'entries', 'order', 'tree and checkpoints', 'receipts', "bidders' signatures", 'commitments', 'decisions',
  'roll', 'house log', 'documents', 'result', 'health', 'witnesses', 'timestamps',
] as const

/** A report quotes from a hostile file: never more than this of it. */
export const MAX_SHOWN = 500

export interface Difference {
  readonly seq?: number | null
  readonly expected?: string | number
  readonly found?: string | number
}

export class Check {
  counted = 0
  private first: ({ detail: string } & Difference) | null = null
  private skipped: string | null = null
  private said: string | null = null

  constructor(readonly number: number) {}

  get failed(): boolean {
    return this.first !== null
  }

  /**
   * Keeps the difference of the lowest entry. Of two that name the same entry, or none, the one that
   * was found first stays; the order of finding is that of docs/verify.md.
   */
  fail(detail: string, difference: Difference = {}): void {
    const before = this.first?.seq ?? null
    const lower = before !== null && difference.seq != null && difference.seq < before
    if (this.first === null || lower) this.first = { detail, ...difference }
  }

  /** The check has nothing to look at, for this reason. */
  skip(reason: string): void {
    this.skipped ??= reason
  }

  remark(text: string): void {
    this.said = text
  }

  result(): CheckResult {
    const common = { number: this.number, name: NAMES[this.number - 1] as string, counted: this.counted }
    const { first } = this
    if (first !== null) {
      return {
        ...common, status: 'FAILED', detail: shown(first.detail), first_seq: first.seq ?? null,
        expected: shown(first.expected), found: shown(first.found),
      }
    }
    if (this.skipped !== null) return { ...common, status: 'NOT_APPLICABLE', detail: shown(this.skipped) }
    return { ...common, status: 'HELD', ...(this.said === null ? {} : { detail: shown(this.said) }) }
  }
}

function shown(value: string | number): string
function shown(value: string | number | undefined): string | null
function shown(value: string | number | undefined): string | null {
  if (value === undefined) return null
  const text = String(value)
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN - 1)}…` : text
}
