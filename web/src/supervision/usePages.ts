/** A list read page by page: the first at once and on every change of filter, more when asked. */
import { computed, ref, shallowRef } from 'vue'
import { Problem } from '../api/http'
import { useLoad } from '../ui/useLoad'

interface Part<Item> {
  readonly items: readonly Item[]
  readonly next_cursor?: string | null
}

export function usePages<Item, Got extends Part<Item>>(read: (cursor: string | null) => Promise<Got>) {
  const later = shallowRef<readonly Item[]>([])
  const cursor = ref<string | null>(null)
  const busy = ref(false)
  const problem = shallowRef<Problem | null>(null)
  let round = 0

  const first = useLoad(async () => {
    const own = ++round
    const page = await read(null)
    if (own === round) {
      later.value = []
      cursor.value = page.next_cursor ?? null
      problem.value = null
    }
    return page
  })
  const items = computed<readonly Item[]>(() => [...(first.data.value?.items ?? []), ...later.value])

  async function more(): Promise<void> {
    if (busy.value || cursor.value === null) return
    const own = round
    busy.value = true
    try {
      const page = await read(cursor.value)
      if (own !== round) return
      later.value = [...later.value, ...page.items]
      cursor.value = page.next_cursor ?? null
      problem.value = null
    } catch (error) {
      problem.value = error instanceof Problem ? error : new Problem('internal', 0)
    } finally {
      busy.value = false
    }
  }
  return { first, items, cursor, busy, problem, more }
}
