import { describe, expect, it } from 'vitest'
import { ServerClock, secondsLeft } from '../src/live/clock'

function hand(): { at: number; clock: ServerClock } {
  const hand = { at: 1_000, clock: undefined as unknown as ServerClock }
  hand.clock = new ServerClock(() => hand.at)
  return hand
}

describe('the server clock', () => {
  it('takes the middle of a round trip', () => {
    const h = hand()
    h.at = 1_080
    h.clock.measure(1_000, 500_050, 500_060, 1_080)
    expect(h.clock.now()).toBe(500_095)
    expect(h.clock.sample?.roundTrip).toBe(70)
    expect(h.clock.sample?.uncertainty).toBe(35.5)
  })

  it('prefers the quickest of its measurements to a later slow one', () => {
    const h = hand()
    h.clock.measure(1_000, 500_010, 500_010, 1_020)
    h.clock.measure(2_000, 501_900, 501_900, 3_000)
    expect(h.clock.sample?.offset).toBe(499_000)
  })

  it('never goes back: a correction is caught up at half speed', () => {
    const h = hand()
    h.clock.measure(1_000, 500_000, 500_000, 1_800)
    h.at = 1_800
    const before = h.clock.now()
    h.clock.measure(1_800, before - 300, before - 300, 1_800)
    let last = before
    for (let step = 0; step < 20; step++) {
      h.at += 50
      const now = h.clock.now()
      expect(now).toBeGreaterThanOrEqual(last)
      last = now
    }
    expect(last - (h.at + (h.clock.sample?.offset ?? 0))).toBeLessThan(1)
  })

  it('starts from a one-way message and lets the first measurement replace it', () => {
    const h = hand()
    h.clock.hear(500_000, 1_000)
    expect(h.clock.now()).toBe(500_000)
    h.clock.measure(1_000, 500_040, 500_040, 1_040)
    h.at = 1_040
    expect(h.clock.now()).toBe(500_060)
    h.clock.hear(999_999, 1_040)
    expect(h.clock.now()).toBe(500_060)
  })

  it('does not care what the wall clock of the PC says, and tells by how much it is off', () => {
    const h = hand()
    h.clock.measure(1_000, 500_000, 500_000, 1_000)
    expect(h.clock.wallAhead(509_800)).toBe(9_800)
    expect(h.clock.wallAhead(490_200)).toBe(-9_800)
    expect(h.clock.now()).toBe(500_000)
  })

  it('shows zero only when nothing is left', () => {
    expect(secondsLeft(10_000, 9_999)).toBe(1)
    expect(secondsLeft(10_000, 10_000)).toBe(0)
    expect(secondsLeft(10_000, 12_000)).toBe(0)
    expect(secondsLeft(10_000, 0)).toBe(10)
  })
})
