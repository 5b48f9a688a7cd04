/** The doors of announced documents. An upload tells how far it is, which fetch cannot. */
import { call, Problem, request } from '../api/http'
import type { AnnouncedDocument, KeptDocument, Page, ProblemDetails } from '../api/wire'

const lot = (lotId: string) => `/lots/${encodeURIComponent(lotId)}/documents`

export const listDocuments = async (lotId: string): Promise<readonly AnnouncedDocument[]> =>
  (await call<Page<AnnouncedDocument>>(lot(lotId))).items
export const documentPath = (lotId: string, sha256: string) => `${lot(lotId)}/${sha256}`
export const keptPath = (sha256: string) => `/office/documents/${sha256}`
export const readDocument = async (path: string): Promise<ArrayBuffer> => (await request(path)).arrayBuffer()

/** Keeps the file under its hash. `tell`: how much of it is sent, from 0 to 1. Throws a Problem. */
export function keepDocument(
  file: Blob, sha256: string, media: string, tell: (part: number) => void, signal: AbortSignal,
): Promise<KeptDocument> {
  return new Promise((resolve, reject) => {
    const asked = new XMLHttpRequest()
    asked.open('PUT', '/api' + keptPath(sha256))
    asked.setRequestHeader('Content-Type', media)
    asked.upload.onprogress = ({ loaded, total }) => tell(total > 0 ? loaded / total : 0)
    asked.onload = () => {
      const answer = read(asked.responseText)
      if (asked.status >= 200 && asked.status < 300 && answer !== null) resolve(answer as KeptDocument)
      else reject(problemOf(asked.status, answer))
    }
    asked.onerror = asked.onabort = () => reject(new Problem('unreachable', 0))
    signal.addEventListener('abort', () => asked.abort())
    asked.send(file)
  })
}

function read(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function problemOf(status: number, answer: unknown): Problem {
  const details = answer as ProblemDetails | null
  return new Problem(details?.code ?? 'internal', status, details)
}
