/** What became of each receipt, by bid id, for every list on screen. */
import { shallowRef } from 'vue'
import { allChecks, keepCheck, type KeptCheck } from './store'

export const checks = shallowRef<ReadonlyMap<string, KeptCheck>>(new Map())

export async function loadChecks(): Promise<void> {
  checks.value = new Map((await allChecks()).map((each) => [each.bidId, each]))
}

export async function conclude(check: KeptCheck): Promise<void> {
  await keepCheck(check)
  checks.value = new Map(checks.value).set(check.bidId, check)
}
