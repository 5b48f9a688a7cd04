/** Instants for people: always 北京时间, computed from UTC ms, never from the PC's time zone. */
import { language } from '.'

const BEIJING_MS = 8 * 3_600_000

function parts(ms: number) {
  const date = new Date(ms + BEIJING_MS)
  const two = (value: number) => String(value).padStart(2, '0')
  return {
    year: String(date.getUTCFullYear()),
    month: two(date.getUTCMonth() + 1),
    day: two(date.getUTCDate()),
    clock: `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`,
    millis: String(date.getUTCMilliseconds()).padStart(3, '0'),
  }
}

/** 10:04:37 */
export function clock(ms: number): string {
  return parts(ms).clock
}

/** 10:04:37.412, for receipts. */
export function clockMillis(ms: number): string {
  const { clock, millis } = parts(ms)
  return `${clock}.${millis}`
}

/** 2026-11-22 10:04:37 */
export function stamp(ms: number): string {
  const { year, month, day, clock } = parts(ms)
  return `${year}-${month}-${day} ${clock}`
}

/** 2026年11月22日 10:04:37 (en: 22 Nov 2026 style is avoided; ISO order is read everywhere). */
export function full(ms: number): string {
  const { year, month, day, clock } = parts(ms)
  return language.value === 'en' ? `${year}-${month}-${day} ${clock}` : `${year}年${month}月${day}日 ${clock}`
}

/** 11-22 10:04, the seconds only when there are any; today only the clock. */
export function short(ms: number, now: number): string {
  const { month, day, clock } = parts(ms)
  const time = clock.endsWith(':00') ? clock.slice(0, 5) : clock
  const today = Math.floor((ms + BEIJING_MS) / 86_400_000) === Math.floor((now + BEIJING_MS) / 86_400_000)
  return today ? time : `${month}-${day} ${time}`
}

/** 03:41, 1:02:03, 12 天 03:41:00 → days are written in figures and a letter-free form. */
export function countdown(seconds: number): string {
  const two = (value: number) => String(value).padStart(2, '0')
  const days = Math.floor(seconds / 86_400)
  const hours = Math.floor(seconds / 3_600) % 24
  const rest = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`
  if (days > 0) return `${days}${language.value === 'en' ? 'd ' : '天 '}${two(hours)}:${rest}`
  return hours > 0 ? `${hours}:${rest}` : rest
}

/** The value of a date field (北京时间) from ms and back. */
export function toField(ms: number): string {
  return new Date(ms + BEIJING_MS).toISOString().slice(0, 19)
}

export function fromField(text: string): number | null {
  const ms = Date.parse(text + 'Z')
  return Number.isNaN(ms) ? null : ms - BEIJING_MS
}
