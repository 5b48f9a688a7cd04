/** A stream of pieces as lines, each ended by a newline; none may be gigantic. */
import { need } from './unreadable'

export const MAX_LINE_BYTES = 8 * 2 ** 20
export const MAX_ENTRIES = 1_000_000
export const MAX_LINES = 10_000_000
const NEWLINE = 10

/** Lines without their newline, each valid until the next is asked for. Throws Unreadable. */
export async function* linesOf(
  pieces: AsyncIterable<Uint8Array>, name: string, most = MAX_LINES, limit = MAX_LINE_BYTES,
): AsyncGenerator<Uint8Array> {
  let count = 0
  let open: Uint8Array[] = []
  let length = 0
  for await (const piece of pieces) {
    let from = 0
    for (let to = piece.indexOf(NEWLINE); to >= 0; to = piece.indexOf(NEWLINE, from)) {
      const part = piece.subarray(from, to)
      need(length + part.length <= limit, 'LINE_TOO_LONG', name)
      need((count += 1) <= most, 'TOO_MANY_LINES', name)
      yield length === 0 ? part : joined(open, length, part)
      open = []
      length = 0
      from = to + 1
    }
    const rest = piece.subarray(from)
    length += rest.length
    need(length <= limit, 'LINE_TOO_LONG', name)
    // A copy: the piece belongs to whoever made it.
    if (rest.length > 0) open.push(rest.slice())
  }
  need(length === 0, 'LINE_NOT_ENDED', name)
}

function joined(parts: readonly Uint8Array[], length: number, last: Uint8Array): Uint8Array {
  const whole = new Uint8Array(length + last.length)
  let at = 0
  for (const part of [...parts, last]) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
