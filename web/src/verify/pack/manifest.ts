/**
 * Check 1. Canonical form leaves a manifest no choice: from the names, sizes and hashes of the files
 * it can be written a second time, and the two texts must be one.
 */
import { fromUtf8 } from '../core/bytes'
import { decode, isObject, type JsonObject } from '../core/canonical'
import { Broken } from '../core/broken'
import type { Check } from './check'
import { CHECKPOINTS, HEALTH, LOG, MANIFEST, type Pack } from './packed'

const PLACES = new RegExp(
  [
    `^(?:${[LOG, CHECKPOINTS, HEALTH, 'sessions.jsonl', 'views.jsonl', 'report.pdf'].map((name) => name.replace('.', '\\.')).join('|')}`,
    'house/(?:0|[1-9][0-9]*)\\.tlog-proof',
    'receipts/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\\.tlog-proof',
    'timestamps/[a-z0-9._-]+\\.tsr',
    'documents/[0-9a-f]{64})$',
  ].join('|'),
)
const ORIGIN = '([a-z0-9][a-z0-9.-]*)/(?:house|lot/[a-z0-9][a-z0-9-]{2,63})'
const TAIL = new RegExp(`\\},"log":"(${ORIGIN})","v":1\\}$`)

export function siteOf(origin: string): string | null {
  return new RegExp(`^${ORIGIN}$`).exec(origin)?.[1] ?? null
}

/** The log that the manifest names, or null; of a manifest of megabytes only the end is looked at. */
export function logOf(manifest: Uint8Array): string | null {
  const end = Array.from(manifest.subarray(-400), (byte) => String.fromCharCode(byte)).join('')
  return TAIL.exec(end)?.[1] ?? null
}

/** `origin` is null when the manifest names no log. Every other file has been read by now. */
export async function checkManifest(check: Check, pack: Pack, manifest: Uint8Array, origin: string | null): Promise<void> {
  const names = pack.names.filter((name) => name !== MANIFEST)
  for (const name of names) {
    await pack.digest(name)
    check.counted += 1
    if (!PLACES.test(name)) check.fail(`${name} has no place in a pack`)
  }
  if (origin === null) check.fail('manifest.json names no log')
  const rows = names.map((name) => `${JSON.stringify(name)}:{"sha256":"${pack.digests.get(name)}","size":${pack.size(name)}}`)
  const expected = `{"files":{${rows.join(',')}},"log":"${origin ?? ''}","v":1}`
  if (spelled(manifest) !== expected) explain(check, manifest, pack, names)
}

function spelled(manifest: Uint8Array): string | null {
  try {
    return fromUtf8(manifest)
  } catch {
    return null
  }
}

/** Which file it is that the manifest speaks of otherwise. */
function explain(check: Check, manifest: Uint8Array, pack: Pack, names: readonly string[]): void {
  const files = filesOf(manifest)
  if (files === null) return check.fail('manifest.json is not in canonical form')
  const listed = new Set(Object.keys(files))
  for (const name of names) if (!listed.delete(name)) return check.fail(`the manifest does not list ${name}`)
  for (const name of listed) return check.fail(`the manifest lists ${name}, which is not in the pack`)
  for (const name of names) {
    const row = files[name]
    if (!isObject(row)) continue
    if (row['size'] !== pack.size(name)) {
      return check.fail(`${name} is not as long as the manifest says`, { expected: String(row['size']), found: pack.size(name) })
    }
    if (row['sha256'] !== pack.digests.get(name)) {
      return check.fail(`${name} is not the file of the manifest`, { expected: String(row['sha256']), found: pack.digests.get(name) ?? '' })
    }
  }
  check.fail('manifest.json is not in canonical form')
}

function filesOf(manifest: Uint8Array): JsonObject | null {
  try {
    const read = decode(manifest)
    const files = isObject(read) ? read['files'] : undefined
    return isObject(files) ? files : null
  } catch (error) {
    if (error instanceof Broken) return null
    throw error
  }
}
