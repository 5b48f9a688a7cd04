/** The doors at which a log shows its heads and proofs. */
import { call, query, request } from '../api/http'
import type { ConsistencyAnswer } from './heads'

const lot = (lotId: string) => `/lots/${encodeURIComponent(lotId)}`

/** The site's verifier key, one line. */
export const getLogVkey = async (): Promise<string> => (await (await request('/log.vkey')).text()).trim()

/** The newest head of the lot's log: a signed note, with cosignatures if there are any. */
export const getCheckpoint = async (lotId: string): Promise<string> => (await request(`${lot(lotId)}/checkpoint`)).text()

export const proveConsistency = (lotId: string, from: number, to: number) =>
  call<ConsistencyAnswer>(`${lot(lotId)}/consistency` + query({ from, to }))
