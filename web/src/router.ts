/** The pages. Each is its own chunk, so that the hall does not wait for the office. */
import { createRouter, createWebHistory, type RouteLocationNormalized } from 'vue-router'
import { isOffice, isSupervisor, knowMe, me } from './session'

declare module 'vue-router' {
  interface RouteMeta {
    /** Who may open it; the service decides again at each of its doors. */
    for?: 'anyone' | 'account' | 'office' | 'supervisor'
    /** Fills the window; the site's own head and foot stay away. */
    bare?: boolean
  }
}

export const router = createRouter({
  history: createWebHistory(),
  scrollBehavior: (to, _from, saved) => saved ?? (to.hash ? { el: to.hash } : { top: 0 }),
  routes: [
    { path: '/', name: 'home', component: () => import('./pages/Home.vue') },
    { path: '/lots/:id', name: 'lot', props: true, component: () => import('./pages/Lot.vue') },
    { path: '/lots/:id/live', name: 'live', props: true, meta: { bare: true }, component: () => import('./pages/Live.vue') },
    { path: '/lots/:id/replay', name: 'replay', props: true, meta: { bare: true }, component: () => import('./pages/Replay.vue') },
    { path: '/lots/:id/apply', name: 'apply', props: true, meta: { for: 'account' }, component: () => import('./pages/Apply.vue') },
    { path: '/sign-in', name: 'sign-in', component: () => import('./pages/SignIn.vue') },
    { path: '/register', name: 'register', component: () => import('./pages/Register.vue') },
    { path: '/me', name: 'mine', meta: { for: 'account' }, component: () => import('./pages/Mine.vue') },
    { path: '/office', name: 'office', meta: { for: 'office' }, component: () => import('./office/Office.vue') },
    { path: '/office/drafts/:id', name: 'draft', props: true, meta: { for: 'office' }, component: () => import('./office/DraftPage.vue') },
    { path: '/supervision', name: 'supervision', meta: { for: 'supervisor' }, component: () => import('./supervision/Supervision.vue') },
    { path: '/:rest(.*)*', name: 'not-found', component: () => import('./pages/NotFound.vue') },
  ],
})

router.beforeEach(async (to) => {
  if (to.meta.for === undefined || to.meta.for === 'anyone') {
    void knowMe()
    return true
  }
  await knowMe()
  return mayOpen(to) || { name: 'sign-in', query: { to: to.fullPath } }
})

function mayOpen(to: RouteLocationNormalized): boolean {
  if (!me.value) return false
  if (to.meta.for === 'office') return isOffice.value
  if (to.meta.for === 'supervisor') return isSupervisor.value || isOffice.value
  return true
}
