/** What a verifier says of bytes that do not hold: one named reason, for people to be told in words. */
export class Broken extends Error {
  /** `reason` is a stable name such as `root_differs`; `detail` is for whoever debugs. */
  constructor(
    readonly reason: string,
    detail = '',
  ) {
    super(detail === '' ? reason : `${reason}: ${detail}`)
    this.name = 'Broken'
  }
}

/** Throws `Broken(reason)` unless the condition holds. */
export function hold(condition: boolean, reason: string, detail = ''): asserts condition {
  if (!condition) throw new Broken(reason, detail)
}
