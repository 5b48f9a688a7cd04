/** CRC-32 of a ZIP (APPNOTE.TXT 4.4.7), eight bytes at a time. */
const TABLES = tables()

function tables(): readonly Int32Array[] {
  const first = new Int32Array(256)
  for (let byte = 0; byte < 256; byte += 1) {
    let value = byte
    for (let bit = 0; bit < 8; bit += 1) value = (value >>> 1) ^ (value & 1 ? 0xedb88320 : 0)
    first[byte] = value
  }
  const all = [first]
  for (let step = 1; step < 8; step += 1) {
    const before = all[step - 1] as Int32Array
    all.push(before.map((value) => (value >>> 8) ^ (first[value & 255] as number)))
  }
  return all
}

/** `before` is the CRC of what came before these bytes. */
export function crc32(bytes: Uint8Array, before = 0): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = TABLES as [Int32Array, Int32Array, Int32Array, Int32Array, Int32Array, Int32Array, Int32Array, Int32Array]
  const b = bytes as unknown as readonly number[] & Uint8Array
  let crc = ~before
  let at = 0
  for (const end = b.length - 7; at < end; at += 8) {
    const low = crc ^ (b[at]! | (b[at + 1]! << 8) | (b[at + 2]! << 16) | (b[at + 3]! << 24))
    crc =
      t7[low & 255]! ^ t6[(low >>> 8) & 255]! ^ t5[(low >>> 16) & 255]! ^ t4[low >>> 24]! ^
      t3[b[at + 4]!]! ^ t2[b[at + 5]!]! ^ t1[b[at + 6]!]! ^ t0[b[at + 7]!]!
  }
  for (; at < b.length; at += 1) crc = (crc >>> 8) ^ t0[(crc ^ b[at]!) & 255]!
  return ~crc >>> 0
}
