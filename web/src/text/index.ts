/** The language of the page: zh-CN from the start, en when asked; chosen once, kept. */
import { computed, ref, shallowRef, type ComputedRef } from 'vue'
import zh, { type Messages } from './zh'

export type Language = 'zh' | 'en'

const KEPT = 'luochui.language'

export const language = ref<Language>('zh')
/** The messages in use; in templates `m.room.title`. */
export const m = shallowRef<Messages>(zh)

export async function speak(next: Language): Promise<void> {
  m.value = next === 'en' ? (await import('./en')).default : zh
  language.value = next
  document.documentElement.lang = next === 'en' ? 'en' : 'zh-CN'
  try {
    localStorage.setItem(KEPT, next)
  } catch {
    // A browser that keeps nothing still speaks both languages.
  }
}

export function keptLanguage(): Language {
  try {
    return localStorage.getItem(KEPT) === 'en' ? 'en' : 'zh'
  } catch {
    return 'zh'
  }
}

/** Messages of a lazy part, in both languages with the same keys. */
export function area<T>(chinese: T, english: NoInfer<T>): ComputedRef<T> {
  return computed(() => (language.value === 'en' ? english : chinese))
}

/** The word for a code of the service; a code without a word is shown as it is. */
export function word(words: Readonly<Record<string, string>>, code: string | null | undefined): string {
  return code == null ? '' : (words[code] ?? code)
}
