/**
 * The site's key as this browser knows it: pinned when first seen. Another key later is an alarm,
 * and is trusted beside the first only once the person has acknowledged it.
 */
import { readVkey, type Vkey } from '../verify/core/notes'
import { siteKeys, trustKey, type Alarm } from './store'

export interface KnownKeys {
  /** In order of trust; empty only while the service was never reached. */
  readonly keys: readonly Vkey[]
  /** The service shows a key that is none of these. */
  readonly alarm: Alarm | null
}

/** Asks the service for its key; without an answer the pinned ones serve. */
export async function knownKeys(now: number, fetchKey: () => Promise<string>): Promise<KnownKeys> {
  const kept = await siteKeys()
  const shown = await fetched(fetchKey)
  if (shown === null || kept.some((each) => each.vkey === shown.text)) return { keys: kept.map((each) => readVkey(each.vkey)), alarm: null }
  if (kept.length === 0) {
    await trustKey(shown.text, now)
    return { keys: [shown], alarm: null }
  }
  return { keys: kept.map((each) => readVkey(each.vkey)), alarm: changed(kept.map((each) => each.vkey), shown.text, now) }
}

/** Null when the service does not answer, or not with a key. */
async function fetched(fetchKey: () => Promise<string>): Promise<Vkey | null> {
  try {
    return readVkey(await fetchKey())
  } catch {
    return null
  }
}

function changed(held: readonly string[], shown: string, now: number): Alarm {
  // The new key is part of the name: a third key is a new alarm.
  return { id: `KEY_CHANGED ${shown}`, kind: 'KEY_CHANGED', origin: '', seenAt: now, held: held.join('\n'), shown, more: '', acknowledgedAt: null }
}
