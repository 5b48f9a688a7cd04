import { describe, expect, it } from 'vitest'
import { find, write } from '../src/router/paths'

const pages = { home: { path: '/' }, live: { path: '/lots/:id/live' }, lot: { path: '/lots/:id' }, lost: { path: '' } }

describe('addresses', () => {
  it.each([
    ['/', 'home', {}],
    ['/?q=1', 'home', {}],
    ['/lots/hj-2017-07', 'lot', { id: 'hj-2017-07' }],
    ['/lots/hj-2017-07/', 'lot', { id: 'hj-2017-07' }],
    ['/lots/a%2Fb/live#x', 'live', { id: 'a/b' }],
  ])('%s is %s', (address, name, params) => expect(find(pages, address)).toMatchObject({ name, params }))
  it.each(['/lots', '/lots/a/b/c', '/elsewhere', '/lots/%E0%A4%A'])('%s is no page', (address) =>
    expect(find(pages, address)).toBeNull(),
  )
  it('keep the way back', () => {
    expect(find(pages, '/lots/a?to=%2Fme')).toMatchObject({ path: '/lots/a', fullPath: '/lots/a?to=%2Fme', query: { to: '/me' } })
  })
  it('are written with their parts', () => {
    expect(write(pages, { name: 'live', params: { id: 'a/b' } })).toBe('/lots/a%2Fb/live')
    expect(write(pages, { name: 'home', query: { to: '/me', none: undefined } })).toBe('/?to=%2Fme')
    expect(() => write(pages, { name: 'lot' })).toThrow('lot needs id')
  })
})
