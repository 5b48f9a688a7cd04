/**
 * What a screen reader is told: prices politely and at most one in five seconds, the last one
 * wins; only outbid, cut-off, pause and close interrupt.
 */

export const POLITE_MS = 5_000

export class Announcer {
  private waiting: string | null = null
  private lastAt = -Infinity
  private cancel: (() => void) | null = null

  constructor(
    private readonly polite: (text: string) => void,
    private readonly assertive: (text: string) => void,
    private readonly monotonic: () => number,
    private readonly later: (callback: () => void, ms: number) => () => void,
  ) {}

  say(text: string): void {
    this.waiting = text
    if (this.cancel !== null) return
    const wait = Math.max(this.lastAt + POLITE_MS - this.monotonic(), 0)
    if (wait === 0) this.speak()
    else this.cancel = this.later(() => this.speak(), wait)
  }

  interrupt(text: string): void {
    this.assertive(text)
  }

  stop(): void {
    this.cancel?.()
    this.cancel = null
  }

  private speak(): void {
    this.cancel = null
    if (this.waiting === null) return
    this.polite(this.waiting)
    this.waiting = null
    this.lastAt = this.monotonic()
  }
}
