/** Loading as state: nothing yet, something (with its time), or a problem; the last good stays. */
import { onBeforeUnmount, ref, shallowRef, type Ref, type ShallowRef } from 'vue'
import { Problem } from '../api/http'

export interface Load<T> {
  readonly data: ShallowRef<T | null>
  readonly problem: ShallowRef<Problem | null>
  readonly busy: Ref<boolean>
  /** When the shown data was received (PC clock, only for the stamp on stale pages). */
  readonly loadedAt: Ref<number>
  reload(): Promise<void>
}

/** Runs `fetcher` at once; `everyMs` refreshes it quietly while the page is visible. */
export function useLoad<T>(fetcher: () => Promise<T>, everyMs = 0): Load<T> {
  const data: ShallowRef<T | null> = shallowRef(null)
  const problem = shallowRef<Problem | null>(null)
  const busy = ref(false)
  const loadedAt = ref(0)
  let round = 0

  async function reload(): Promise<void> {
    const own = ++round
    busy.value = true
    try {
      const answer = await fetcher()
      if (own !== round) return
      data.value = answer
      problem.value = null
      loadedAt.value = Date.now()
    } catch (error) {
      if (own === round) problem.value = error instanceof Problem ? error : new Problem('internal', 0)
    } finally {
      if (own === round) busy.value = false
    }
  }

  if (everyMs > 0) {
    const timer = setInterval(() => document.visibilityState === 'visible' && void reload(), everyMs)
    onBeforeUnmount(() => clearInterval(timer))
  }
  void reload()
  return { data, problem, busy, loadedAt, reload }
}

/** One action with its outcome: busy while it runs, its problem when it fails. */
export function useAction<Args extends unknown[]>(act: (...args: Args) => Promise<void>) {
  const busy = ref(false)
  const problem = shallowRef<Problem | null>(null)
  async function run(...args: Args): Promise<boolean> {
    if (busy.value) return false
    busy.value = true
    problem.value = null
    try {
      await act(...args)
      return true
    } catch (error) {
      problem.value = error instanceof Problem ? error : new Problem('internal', 0)
      return false
    } finally {
      busy.value = false
    }
  }
  return { busy, problem, run }
}
