import 'fake-indexeddb/auto'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { enableHere, readyKey } from '../src/live/keys'

let sent: { path: string; body: Record<string, string> }[] = []

beforeEach(() => {
  sent = []
  vi.stubGlobal('fetch', async (path: string, { body }: { body: string }) => {
    sent.push({ path, body: JSON.parse(body) as Record<string, string> })
    return new Response('{}', { status: 200 })
  })
})
afterEach(() => vi.unstubAllGlobals())

it('makes a key for each lot: two public rolls must not share one', async () => {
  const first = await readyKey('account', 'lot-a')
  const second = await readyKey('account', 'lot-b')
  expect(second.keyId).not.toBe(first.keyId)
  expect(second.publicHex).not.toBe(first.publicHex)
  expect(sent.map(({ body }) => body['public_key'])).toEqual([first.publicHex, second.publicHex])
})

it('finds the key of a lot again, and enrols it again', async () => {
  const first = await readyKey('account', 'lot-c')
  expect((await readyKey('account', 'lot-c')).keyId).toBe(first.keyId)
  expect(sent).toHaveLength(2)
})

it('enables this device for a lot with that lot’s own key', async () => {
  const other = await readyKey('account', 'lot-d')
  const key = await enableHere('account', 'lot-e')
  expect(key.keyId).not.toBe(other.keyId)
  expect(sent[sent.length - 1]).toEqual({ path: '/api/lots/lot-e/keys', body: { key_id: key.keyId } })
})
