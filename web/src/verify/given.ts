/** Files that a person gives: as the text that the verifier takes. */

/** UTF-8; a file that is none is read octet by octet, so that nothing in it becomes alike. */
export async function asText(file: File): Promise<string> {
  const bytes = new Uint8Array(await file.arrayBuffer())
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return octets(bytes)
  }
}

/** A certificate as PEM; one in DER is written as PEM. */
export async function asPem(file: File): Promise<string> {
  const bytes = new Uint8Array(await file.arrayBuffer())
  return bytes[0] === 0x30 ? `-----BEGIN CERTIFICATE-----\n${btoa(octets(bytes))}\n-----END CERTIFICATE-----\n` : octets(bytes)
}

function octets(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000))
  return text
}

/** "12.3 MB" */
export function sizeWords(bytes: number): string {
  if (bytes < 1_000_000) return `${Math.max(1, Math.round(bytes / 1_000))} KB`
  return `${(bytes / 1_000_000).toFixed(1)} MB`
}

/** A file that this site publishes for verifiers: `none` when it has none, `failed` when nothing came. */
export async function published(name: string): Promise<File | 'none' | 'failed'> {
  const answer = await fetch(`/api/${name}`, { credentials: 'omit' }).catch(() => null)
  if (answer?.status === 404) return 'none'
  if (!answer?.ok) return 'failed'
  const content = await answer.blob().catch(() => null)
  return content === null ? 'failed' : new File([content], name)
}
