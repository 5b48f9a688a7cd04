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

/** Set while a session may exist, so that a visitor's page asks for nothing it cannot have. */
const HINT = 'luochui.session'

function hint(set: boolean | null): boolean {
  try {
    if (set === true) localStorage.setItem(HINT, '1')
    if (set === false) localStorage.removeItem(HINT)
    return localStorage.getItem(HINT) !== null
  } catch {
    return true
  }
}

let asking: Promise<void> | null = null

/** Asks once; every page that needs to know waits for the same answer. `surely`: hint or not. */
export function knowMe(surely = false): Promise<void> {
  if (surely && !me.value && !hint(null)) asking = null
  if (asking === null && !surely && !hint(null)) me.value = null
  else asking ??= ask()
  return asking ?? Promise.resolve()
}

function ask(): Promise<void> {
  return getMe()
    .then((answer) => {
      hint(true)
      me.value = answer
    })
    .catch((error: unknown) => {
      me.value = null
      if (error instanceof Problem && error.code === 'not_signed_in') hint(false)
      else asking = null
    })
}

export function signedIn(answer: Me): void {
  hint(true)
  me.value = answer
  asking = Promise.resolve()
}

export async function leave(): Promise<void> {
  await signOut().catch(() => undefined)
  hint(false)
  me.value = null
  asking = null
}

export function watchNetwork(): void {
  window.addEventListener('online', () => (online.value = true))
  window.addEventListener('offline', () => (online.value = false))
  void getSite()
    .then((answer) => (site.value = answer))
    .catch(() => undefined)
}
