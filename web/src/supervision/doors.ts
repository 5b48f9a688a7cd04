/** The supervisor's doors to the house log, to what outsiders say of the logs, and to identities. */
import { call, query } from '../api/http'
import type { HousePage, IdentityCheck, LookPage, LotIdentities } from '../api/wire'

const lot = (lotId: string) => `/supervision/lots/${encodeURIComponent(lotId)}`

export interface HouseFilter {
  readonly kind?: string
  readonly lot_id?: string
  readonly cursor?: string | null
  readonly limit?: number
}

export const listHouse = (filter: HouseFilter) => call<HousePage>('/supervision/house' + query({ ...filter }))
export const listLooks = (filter: HouseFilter) => call<LookPage>('/supervision/looks' + query({ ...filter }))
export const openIdentities = (lotId: string, reason: string) => call<LotIdentities>(`${lot(lotId)}/identities` + query({ reason }))
export const recordCheck = (lotId: string, outcome: 'FITS' | 'DIFFERS') =>
  call<IdentityCheck>(`${lot(lotId)}/identities/check`, { method: 'POST', body: { outcome } })
export const packPath = (lotId: string, reason: string) => `${lot(lotId)}/export` + query({ reason })

// What outsiders say of one log: the shape of the anchors' door.
export interface WitnessMark {
  readonly witness: string
  readonly size?: number | null
  readonly newest: boolean
  readonly at?: number | null
  readonly said?: string | null
  readonly tries: number
}
export interface PendingStamp {
  readonly size: number
  readonly moments: readonly string[]
  readonly wanted_at: number
  readonly tries: number
  readonly said?: string | null
}
export interface LogAnchors {
  readonly log: string
  readonly size?: number | null
  readonly quorum_size?: number | null
  readonly quorum_newest?: boolean | null
  readonly witnesses: readonly WitnessMark[]
  readonly stamped: number
  readonly stamps_pending: readonly PendingStamp[]
  readonly halted?: string | null
}

export async function listAnchors(): Promise<readonly LogAnchors[]> {
  const answer = await call<{ readonly items: readonly LogAnchors[] }>('/supervision/anchors')
  return answer.items
}
