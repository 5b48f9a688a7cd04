/** The pages by name. Each is its own chunk, so that the hall does not wait for the office. */
import type { Component } from 'vue'

export interface Page {
  readonly path: string
  readonly load: () => Promise<{ default: Component }>
  /** Who may open it; the service decides again at each of its doors. */
  readonly for?: 'account' | 'office' | 'supervisor'
  /** Fills the window; the site's own head and foot stay away. */
  readonly bare?: boolean
}

export const PAGES = {
  home: { path: '/', load: () => import('../pages/Home.vue') },
  live: { path: '/lots/:id/live', bare: true, load: () => import('../pages/Live.vue') },
  replay: { path: '/lots/:id/replay', bare: true, load: () => import('../pages/Replay.vue') },
  apply: { path: '/lots/:id/apply', for: 'account', load: () => import('../pages/Apply.vue') },
  lot: { path: '/lots/:id', load: () => import('../pages/Lot.vue') },
  'sign-in': { path: '/sign-in', load: () => import('../pages/SignIn.vue') },
  register: { path: '/register', load: () => import('../pages/Register.vue') },
  mine: { path: '/me', for: 'account', load: () => import('../pages/Mine.vue') },
  'my-receipts': { path: '/me/receipts', load: () => import('../receipts/MyReceipts.vue') },
  'verify-receipt': { path: '/verify-receipt', load: () => import('../receipts/VerifyReceipt.vue') },
  office: { path: '/office', for: 'office', load: () => import('../office/Office.vue') },
  draft: { path: '/office/drafts/:id', for: 'office', load: () => import('../office/DraftPage.vue') },
  supervision: { path: '/supervision', for: 'supervisor', load: () => import('../supervision/Supervision.vue') },
  verify: { path: '/verify', load: () => import('../verify/Verify.vue') },
  'not-found': { path: '', load: () => import('../pages/NotFound.vue') },
} satisfies Record<string, Page>

export type PageName = keyof typeof PAGES
