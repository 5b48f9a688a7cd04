/** The office's and the regulator's doors. */
import { call, query } from '../api/http'
import type {
  DepositLine, Draft, DraftIn, OfficeApplication, OfficeLot, OfficeRequest, Page, Parcel, Preflight, RefundOrder, Template,
  Timetable, VerifyReport,
} from '../api/wire'

export type Action =
  | { action: 'SUSPEND'; cause: string; text: string; emergency: boolean }
  | { action: 'RESUME'; timetable?: Timetable }
  | { action: 'TERMINATE'; cause: string; text: string }
  | { action: 'CONFIRM'; outcome: 'CONFIRMED' | 'UNQUALIFIED'; ruling?: string }
  | { action: 'SEAL' }

const draftPath = (lotId: string) => `/office/drafts/${encodeURIComponent(lotId)}`
const post = <T>(path: string, body?: unknown) => call<T>(path, { method: 'POST', body })

export const listParcels = () => everything<Parcel>('/office/parcels')
export const listTemplates = () => call<Page<Template>>('/office/templates')
export const listDrafts = () => call<Page<Draft>>('/office/drafts')
export const getDraft = (lotId: string) => call<Draft>(draftPath(lotId))
export const createDraft = (body: DraftIn, idempotencyKey: string) =>
  call<Draft>('/office/lots', { method: 'POST', body, idempotencyKey })
export const editDraft = (body: DraftIn, version: number) =>
  call<Draft>(draftPath(body.lot_id), { method: 'PUT', body, ifMatch: version })
export const preflight = (lotId: string) => post<Preflight>(draftPath(lotId) + '/preflight')
export const submitDraft = (lotId: string, version: number) =>
  call<Draft>(draftPath(lotId) + '/submit', { method: 'POST', ifMatch: version })
export const releaseLot = (lotId: string, version: number) =>
  call<Draft>(draftPath(lotId) + '/release', { method: 'POST', ifMatch: version })

export const listOfficeLots = () => call<Page<OfficeLot>>('/office/lots')
export const requestAction = (lotId: string, action: Action, idempotencyKey: string) =>
  call<OfficeRequest>(`/office/lots/${encodeURIComponent(lotId)}/requests`, { method: 'POST', body: action, idempotencyKey })
export const listRequests = () => call<Page<OfficeRequest>>('/office/requests')
export const approveAction = (requestId: string) => post<OfficeRequest>(`/office/requests/${requestId}/approve`)
export const withdrawAction = (requestId: string) => post<OfficeRequest>(`/office/requests/${requestId}/withdraw`)

export const listApplications = () => call<Page<OfficeApplication>>('/office/applications')
export const decideApplication = (applicationId: string, accept: boolean, reason: string) =>
  post<OfficeApplication>(`/office/applications/${applicationId}/decision`, { accept, ...(reason ? { reason } : {}) })
export const requestRevocation = (applicationId: string, cause: string, text: string, idempotencyKey: string) =>
  call<OfficeRequest>(`/office/applications/${encodeURIComponent(applicationId)}/revocation`, { method: 'POST', body: { cause, text }, idempotencyKey })
export const listDeposits = () => call<Page<DepositLine>>('/office/deposits')
export const listRefunds = () => call<Page<RefundOrder>>('/office/refunds')
export const recordRefund = (refundId: string, state: 'SENT' | 'PAID' | 'FAILED', bankReference: string) =>
  post<void>(`/office/refunds/${refundId}/result`, { state, bank_reference: bankReference })

export const listSupervisedLots = () => call<Page<OfficeLot>>('/supervision/lots')
export const verifyLot = (lotId: string) => call<VerifyReport>(`/supervision/lots/${encodeURIComponent(lotId)}/verification`)

/** All pages of a list that is known to be small. */
async function everything<T>(path: string): Promise<T[]> {
  const items: T[] = []
  let cursor: string | null = null
  do {
    const page: Page<T> = await call<Page<T>>(path + query({ cursor }))
    items.push(...page.items)
    cursor = page.next_cursor ?? null
  } while (cursor !== null)
  return items
}
