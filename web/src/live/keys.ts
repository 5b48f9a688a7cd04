/** The bidder's keys in this browser, one for each lot, and their enrolment with the service. */
import { enrolKey, useKey } from '../api/doors'
import { canSign, makeKey } from './signing'
import { keepKey, keyOf, type KeptKey } from './vault'

export { canSign }

/** The enrolled key of this account for this lot; made, kept and enrolled if there is none. */
export async function readyKey(accountId: string, lotId: string): Promise<KeptKey> {
  const kept = await keyOf(accountId, lotId)
  const key = kept ?? (await newKey(accountId, lotId))
  // Enrolling again is harmless, and mends a key that was kept but never arrived.
  await enrolKey(key.publicHex)
  return key
}

/** Enables this device for one lot the bidder is already admitted to. */
export async function enableHere(accountId: string, lotId: string): Promise<KeptKey> {
  const key = await readyKey(accountId, lotId)
  await useKey(lotId, key.keyId)
  return key
}

async function newKey(accountId: string, lotId: string): Promise<KeptKey> {
  const made = await makeKey()
  const key = { ...made, accountId, lotId, madeAt: Date.now() }
  await keepKey(key)
  return key
}
