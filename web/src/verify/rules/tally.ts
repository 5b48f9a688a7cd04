/** What a check tells of itself; the verifier's `Check` is one. */
export interface Difference {
  readonly seq?: number
  readonly expected?: string | number
  readonly found?: string | number
}

export interface Tally {
  /** How much was looked at. */
  counted: number
  /** Something differs. Of several the one of the lowest entry is the one to tell. */
  fail(detail: string, difference?: Difference): void
  /** There is nothing to look at, for this reason. */
  skip(reason: string): void
  remark(text: string): void
}
