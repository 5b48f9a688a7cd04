import { expect, it } from 'vitest'
import { Announcer, POLITE_MS } from '../src/live/announcer'

it('says the first price at once, then at most one in five seconds, the last wins', () => {
  const said: string[] = []
  let at = 0
  let due: (() => void) | null = null
  const announcer = new Announcer((text) => said.push(text), () => undefined, () => at, (run, ms) => {
    expect(ms).toBe(POLITE_MS - at)
    due = run
    return () => (due = null)
  })
  announcer.say('2,860')
  at = 1_000
  announcer.say('2,880')
  announcer.say('2,900')
  expect(said).toEqual(['2,860'])
  at = POLITE_MS
  ;(due as unknown as () => void)()
  expect(said).toEqual(['2,860', '2,900'])
})

it('interrupts at once, without waiting for its turn', () => {
  const said: string[] = []
  const announcer = new Announcer(() => undefined, (text) => said.push(text), () => 0, () => () => undefined)
  announcer.say('2,860')
  announcer.interrupt('outbid')
  expect(said).toEqual(['outbid'])
})
