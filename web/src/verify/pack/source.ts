/** Random reading from a file that stays on the disk: a pack of gigabytes never stands in memory. */
import { need } from './unreadable'

export interface Source {
  readonly size: number
  /** The bytes [at, at + length); valid until the next read. */
  read(at: number, length: number): Promise<Uint8Array>
}

/** Thousands of small files lie one after another: one read of the disk brings many of them. */
const WINDOW = 4 << 20

export function sourceOf(from: Uint8Array | Blob): Source {
  return from instanceof Uint8Array ? memory(from) : disk(from)
}

function memory(bytes: Uint8Array): Source {
  const read = (at: number, length: number) => {
    need(at >= 0 && at + length <= bytes.length, 'BAD_DIRECTORY', 'outside the file')
    return Promise.resolve(bytes.subarray(at, at + length))
  }
  return { size: bytes.length, read }
}

function disk(file: Blob): Source {
  let begin = 0
  let held = new Uint8Array()
  async function read(at: number, length: number): Promise<Uint8Array> {
    need(at >= 0 && at + length <= file.size, 'BAD_DIRECTORY', 'outside the file')
    if (at < begin || at + length > begin + held.length) {
      held = await bytesOf(file.slice(at, Math.min(file.size, at + Math.max(length, WINDOW))))
      begin = at
    }
    return held.subarray(at - begin, at - begin + length)
  }
  return { size: file.size, read }
}

/** A file that was moved or changed after it was chosen can no longer be read. */
async function bytesOf(part: Blob): Promise<Uint8Array<ArrayBuffer>> {
  const buffer = await part.arrayBuffer().catch(() => null)
  need(buffer !== null, 'NO_FILE', 'the file can no longer be read')
  return new Uint8Array(buffer)
}
