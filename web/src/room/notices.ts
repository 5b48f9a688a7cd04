/** A notice of the service as a sentence. */
import type { Notice } from '../api/wire'
import { m, word } from '../text'
import { clock } from '../text/time'

export interface NoticeText {
  readonly text: string
  readonly detail: string
  /** Pause, end: worth interrupting for. */
  readonly grave: boolean
}

const GRAVE = new Set(['SUSPENDED', 'INTERRUPTED', 'TERMINATED'])

export function noticeText({ code, params }: Notice): NoticeText {
  return { text: sentence(code, params), detail: String(params['text'] ?? ''), grave: GRAVE.has(code) }
}

function sentence(code: string, params: Notice['params']): string {
  const text = m.value.notice
  const cause = word(m.value.cause, String(params['cause'] ?? 'OTHER'))
  switch (code) {
    case 'SUSPENDED':
    case 'INTERRUPTED':
    case 'TERMINATED':
      return text[code](cause)
    case 'RESUMED':
      return text.RESUMED(typeof params['closes_at'] === 'number' ? clock(params['closes_at']) : '')
    case 'WARNING':
      return text.WARNING(String(params['seconds'] ?? ''))
    case 'STAGE':
      return text.STAGE(word(m.value.stage, String(params['to'] ?? '')))
    case 'SUPPLEMENTED':
      return text.SUPPLEMENTED
    case 'BROADCAST':
      return text.BROADCAST
    default:
      return code
  }
}
