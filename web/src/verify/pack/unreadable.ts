/** Why a pack, a key or a policy cannot be read at all: then nothing is judged, and exit code 2 says so. */
export type UnreadableReason =
  | 'NOT_A_ZIP'
  | 'BAD_DIRECTORY'
  | 'BAD_NAME'
  | 'DUPLICATE_NAME'
  | 'NOT_A_PLAIN_FILE'
  | 'ENCRYPTED'
  | 'UNKNOWN_METHOD'
  | 'TOO_MANY_FILES'
  | 'TOO_LARGE'
  | 'RATIO_TOO_HIGH'
  | 'OVERLAPPING'
  | 'DAMAGED'
  | 'MISSING_FILE'
  | 'LINE_TOO_LONG'
  | 'LINE_NOT_ENDED'
  | 'TOO_MANY_LINES'
  | 'NO_LOG_NAMED'
  | 'BAD_KEY'
  | 'BAD_POLICY'
  | 'BAD_AUTHORITY'
  | 'NO_FILE'

export class Unreadable extends Error {
  constructor(
    readonly reason: UnreadableReason,
    detail = '',
  ) {
    super(detail === '' ? reason : `${reason}: ${detail}`)
    this.name = 'Unreadable'
  }
}

export function need(condition: boolean, reason: UnreadableReason, detail = ''): asserts condition {
  if (!condition) throw new Unreadable(reason, detail)
}
