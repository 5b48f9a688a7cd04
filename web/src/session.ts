/** Who is signed in, what site this is, and whether the network is there: one owner for each. */
import { computed, ref, shallowRef } from 'vue'
import { getMe, getSite, signOut } from './api/doors'
import { Problem } from './api/http'
import type { Me, RoleName, SiteInfo } from './api/wire'

/** undefined: not asked yet; null: nobody. */
export const me = shallowRef<Me | null | undefined>(undefined)
export const site = shallowRef<SiteInfo | null>(null)
export const online = ref(typeof navigator === 'undefined' || navigator.onLine)

const OFFICE: readonly RoleName[] = ['publisher', 'approver', 'reviewer', 'finance', 'admin']

export const has = (...roles: readonly RoleName[]): boolean =>
  me.value?.roles.some((role) => roles.includes(role)) ?? false
export const isOffice = computed(() => has(...OFFICE))
export const isSupervisor = computed(() => has('supervisor'))
export const isBidder = computed(() => has('bidder'))

let asking: Promise<void> | null = null

/** Asks once; every page that needs to know waits for the same answer. */
export function knowMe(): Promise<void> {
  asking ??= getMe()
    .then((answer) => void (me.value = answer))
    .catch((error: unknown) => {
      me.value = null
      if (error instanceof Problem && error.code === 'unreachable') asking = null
    })
  return asking
}

export function signedIn(answer: Me): void {
  me.value = answer
  asking = Promise.resolve()
}

export async function leave(): Promise<void> {
  await signOut().catch(() => undefined)
  me.value = null
}

export function watchNetwork(): void {
  window.addEventListener('online', () => (online.value = true))
  window.addEventListener('offline', () => (online.value = false))
  void getSite()
    .then((answer) => (site.value = answer))
    .catch(() => undefined)
}
