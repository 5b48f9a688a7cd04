/**
 * Where the page is, and how it gets elsewhere. A hundred lines of our own: the usual library is
 * 10 KiB of the hall's 60.
 */
import { defineComponent, h, markRaw, shallowRef, type Component, type PropType } from 'vue'
import { isOffice, isSupervisor, knowMe, me } from '../session'
import { m } from '../text'
import { find, write, type Found, type Place } from './paths'
import { PAGES, type Page, type PageName } from './routes'

export type To = Place<PageName>

export interface Route extends Found<PageName> {
  readonly page: Page
  readonly component: Component
}

/** The page on screen; null until the first is loaded. */
export const route = shallowRef<Route | null>(null)

export const push = (to: To | string): Promise<void> => go(addressOf(to), 'push')
export const replace = (to: To | string): Promise<void> => go(addressOf(to), 'replace')

export async function start(): Promise<void> {
  window.addEventListener('popstate', () => void go(here(), 'stay'))
  await go(here(), 'stay')
}

function here(): string {
  return window.location.pathname + window.location.search
}

function addressOf(to: To | string): string {
  return typeof to === 'string' ? to : write(PAGES, to)
}

let round = 0

async function go(address: string, how: 'push' | 'replace' | 'stay'): Promise<void> {
  const own = ++round
  const found = find<PageName>(PAGES, address) ?? missing(address)
  const page: Page = PAGES[found.name]
  if (page.for === undefined) void knowMe()
  else {
    await knowMe(true)
    if (own !== round) return
    if (!mayOpen(page)) return go(write(PAGES, { name: 'sign-in', query: { to: found.fullPath } }), how === 'push' ? 'push' : 'replace')
  }
  const component = await loaded(page)
  if (own !== round || component === null) return
  if (how === 'push') window.history.pushState(null, '', address)
  if (how === 'replace') window.history.replaceState(null, '', address)
  route.value = { ...found, page, component: markRaw(component) }
  if (how !== 'stay') window.scrollTo(0, 0)
}

function missing(address: string): Found<PageName> {
  return { name: 'not-found', params: {}, query: {}, path: address, fullPath: address }
}

function mayOpen(page: Page): boolean {
  if (!me.value) return false
  if (page.for === 'office') return isOffice.value
  return page.for === 'supervisor' ? isSupervisor.value : true
}

/** What stands in for a page whose script does not come: the reason, and the way on. */
const NotLoaded = defineComponent({
  name: 'NotLoaded',
  setup: () => () =>
    h('main', { class: 'page stack' }, [
      h('h1', m.value.common.failed),
      h('p', m.value.common.unreachable),
      h('p', h('button', { class: 'button', type: 'button', onClick: () => window.location.reload() }, m.value.common.retry)),
    ]),
})

const RELOADED = 'luochui.reloaded'

/** A chunk of an older release is gone after an update: one reload brings the new ones. */
async function loaded(page: Page): Promise<Component | null> {
  try {
    const { default: component } = await page.load()
    sessionStorage.removeItem(RELOADED)
    return component
  } catch {
    if (sessionStorage.getItem(RELOADED)) return NotLoaded
    sessionStorage.setItem(RELOADED, '1')
    window.location.reload()
    return null
  }
}

/** A link that stays in the page; with a modifier it is an ordinary link. */
export const RouterLink = defineComponent({
  name: 'RouterLink',
  props: { to: { type: Object as PropType<To>, required: true } },
  setup(props, { slots }) {
    const click = (event: MouseEvent) => {
      const modified = event.metaKey || event.altKey || event.ctrlKey || event.shiftKey || event.button !== 0
      if (modified || event.defaultPrevented) return
      event.preventDefault()
      void push(props.to)
    }
    return () => {
      const href = write(PAGES, props.to)
      const current = route.value?.path === href.split('?')[0] ? 'page' : undefined
      return h('a', { href, onClick: click, 'aria-current': current }, slots['default']?.())
    }
  },
})

declare module 'vue' {
  interface GlobalComponents {
    RouterLink: typeof RouterLink
  }
}
