/** The public, account and bidder doors, by operation. The office's stand in office/doors.ts. */
import { call, query, request } from './http'
import type {
  AcceptedQuote, Application, BidBody, EnrolledKey, LotCard, LotEntry, LotPage, Me, Page, Receipt, SiteInfo,
} from './wire'

const lot = (lotId: string) => `/lots/${encodeURIComponent(lotId)}`

export const getSite = () => call<SiteInfo>('/site')
export const listLots = (filter: { stage?: string; method?: string; q?: string; cursor?: string | null; limit?: number }) =>
  call<Page<LotCard>>('/lots' + query(filter))
export const getLot = (lotId: string) => call<LotPage>(lot(lotId))
export const listQuotes = (lotId: string, cursor?: string | null) =>
  call<Page<AcceptedQuote>>(lot(lotId) + '/quotes' + query({ cursor }))

export const register = (body: {
  username: string
  password: string
  display_name: string
  kind: string
  id_number: string
}) => call<Me>('/accounts', { method: 'POST', body })
export const signIn = (username: string, password: string) =>
  call<Me>('/session', { method: 'POST', body: { username, password } })
export const signOut = () => call<void>('/session', { method: 'DELETE' })
export const getMe = () => call<Me>('/me')
export const listKeys = () => call<Page<EnrolledKey> | readonly EnrolledKey[]>('/me/keys')
export const enrolKey = (publicKey: string) =>
  call<EnrolledKey>('/me/keys', { method: 'POST', body: { public_key: publicKey } })

export const apply = (lotId: string, keyId: string, idempotencyKey: string) =>
  call<Application>(lot(lotId) + '/applications', {
    method: 'POST',
    body: { key_id: keyId, declared: true },
    idempotencyKey,
  })
export const listMyApplications = () => call<Page<Application>>('/me/applications')
export const useKey = (lotId: string, keyId: string) =>
  call<unknown>(lot(lotId) + '/keys', { method: 'POST', body: { key_id: keyId } })
export const placeBid = (lotId: string, body: BidBody) =>
  call<Receipt>(lot(lotId) + '/bids', { method: 'POST', body })
export const getBid = (lotId: string, bidId: string) => call<Receipt>(`${lot(lotId)}/bids/${bidId}`)

/** The whole log of a finished sale, page by page. `base` chooses the public or the regulator's door. */
export async function readEntries(lotId: string, base: 'public' | 'supervision'): Promise<LotEntry[]> {
  const path = base === 'public' ? lot(lotId) + '/replay' : `/supervision${lot(lotId)}/entries`
  const entries: LotEntry[] = []
  for (;;) {
    const after = entries[entries.length - 1]?.seq ?? -1
    const answer = await call<Page<LotEntry> | readonly LotEntry[]>(path + query({ after, limit: PAGE }))
    const items: readonly LotEntry[] = 'items' in answer ? answer.items : answer
    const fresh = items.filter((entry) => entry.seq > after)
    entries.push(...fresh)
    if (fresh.length === 0 || fresh.length < items.length || (fresh[fresh.length - 1] as LotEntry).seq === after) break
    if ('items' in answer && answer.next_cursor == null) break
  }
  return entries
}
const PAGE = 500

/** Saves what a door answers as a file. */
export async function download(path: string, name: string): Promise<void> {
  save(await (await request(path)).blob(), name)
}

export function save(content: Blob, name: string): void {
  const address = URL.createObjectURL(content)
  const link = document.createElement('a')
  link.href = address
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(address), 10_000)
}
