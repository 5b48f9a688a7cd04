/** Receipt files as a person brings them: singly, many, or inside an archive. Nothing leaves the page. */
import { Broken, hold } from '../verify/core/broken'
import { fromUtf8 } from '../verify/core/bytes'

export interface ReceiptFile {
  readonly name: string
  /** The file's text, or why there is none: a name of `Broken`. */
  readonly text: string | null
  readonly reason: string | null
}

/** One receipt is some kilobytes; an archive of a long evening some megabytes. */
export const MAX_RECEIPT_BYTES = 1024 * 1024
export const MAX_ARCHIVE_BYTES = 256 * 1024 * 1024
export const MAX_RECEIPTS = 5_000

/** Every receipt in these files, in order of name within an archive. Never throws. */
export async function readFiles(files: Iterable<File>): Promise<ReceiptFile[]> {
  const found: ReceiptFile[] = []
  for (const file of files) found.push(...(await readFile(file)))
  return found.slice(0, MAX_RECEIPTS)
}

async function readFile(file: File): Promise<ReceiptFile[]> {
  try {
    if (isArchive(await head(file))) {
      hold(file.size <= MAX_ARCHIVE_BYTES, 'too_big')
      return await unpack(await bytesOf(file))
    }
    hold(file.size <= MAX_RECEIPT_BYTES, 'too_big')
    return [asText(file.name, await bytesOf(file))]
  } catch (error) {
    return [{ name: file.name, text: null, reason: error instanceof Broken ? error.reason : 'not_a_proof' }]
  }
}

const head = async (file: File): Promise<Uint8Array> => bytesOf(file.slice(0, 4))
const bytesOf = async (blob: Blob): Promise<Uint8Array> => new Uint8Array(await blob.arrayBuffer())
const isArchive = (first: Uint8Array): boolean => first[0] === 0x50 && first[1] === 0x4b

function asText(name: string, bytes: Uint8Array): ReceiptFile {
  try {
    return { name, text: fromUtf8(bytes), reason: null }
  } catch {
    return { name, text: null, reason: 'not_a_proof' }
  }
}

/**
 * The receipts of an archive. House-log proofs of an evidence pack are left aside. What an entry
 * claims to unpack to is bounded before it is unpacked, and unpacking never writes past the claim.
 */
async function unpack(bytes: Uint8Array): Promise<ReceiptFile[]> {
  const { unzipSync } = await import('fflate')
  let count = 0
  let found: Record<string, Uint8Array>
  try {
    found = unzipSync(bytes, {
      filter: ({ name, originalSize }) => {
        if (!name.endsWith('.tlog-proof') || name.startsWith('house/')) return false
        hold(originalSize <= MAX_RECEIPT_BYTES, 'too_big')
        return (count += 1) <= MAX_RECEIPTS
      },
    })
  } catch (error) {
    throw error instanceof Broken ? error : new Broken('not_a_zip')
  }
  const names = Object.keys(found).sort()
  hold(names.length > 0, 'empty_zip')
  return names.map((name) => asText(name, found[name] as Uint8Array))
}
