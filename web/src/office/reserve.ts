/** The reserve's doors. */
import { call } from '../api/http'
import type { Draft, ReserveWait } from '../api/wire'
import type { Envelope } from './sealing'

export interface SecondOfficial {
  readonly username: string
  readonly password: string
}

export const sealReserve = (lotId: string, version: number, envelope: Envelope, second: SecondOfficial) =>
  call<Draft>(`/office/drafts/${encodeURIComponent(lotId)}/reserve`, {
    method: 'PUT', ifMatch: version, body: { ...envelope, second },
  })
export const giveHalf = (lotId: string, half: string) =>
  call<ReserveWait>(`/office/lots/${encodeURIComponent(lotId)}/reserve-half`, { method: 'POST', body: { half } })
