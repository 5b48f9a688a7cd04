/** One door to REST: JSON in, JSON or a Problem out. Never throws anything but a Problem. */
import { uuid } from '../live/signing'
import type { ProblemDetails } from './wire'

export const TIMEOUT_MS = 15_000

/** Every way a request can fail, with what the service said about it. */
export class Problem extends Error {
  constructor(
    readonly code: string,
    readonly status: number,
    readonly details: ProblemDetails | null = null,
  ) {
    super(details?.detail ?? code)
  }
  get trace(): string | null {
    return this.details?.trace ?? null
  }
}

export interface Call {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly body?: unknown
  /** For POSTs that create: the same key gives the same answer. */
  readonly idempotencyKey?: string
  readonly ifMatch?: number
  readonly signal?: AbortSignal
}

export async function call<T>(path: string, options: Call = {}): Promise<T> {
  const response = await request(path, options)
  if (response.status === 204) return undefined as T
  const text = await response.text()
  return (text === '' ? undefined : JSON.parse(text)) as T
}

/** The raw answer, for downloads. */
export async function request(path: string, options: Call = {}): Promise<Response> {
  const given = new AbortController()
  const timer = setTimeout(() => given.abort(), TIMEOUT_MS)
  options.signal?.addEventListener('abort', () => given.abort())
  try {
    const response = await fetch('/api' + path, {
      method: options.method ?? 'GET',
      credentials: 'same-origin',
      headers: headersOf(options),
      body: options.body === undefined ? undefined : JSON.stringify(options.body),
      signal: given.signal,
    })
    if (!response.ok) throw await problemOf(response)
    return response
  } catch (error) {
    throw error instanceof Problem ? error : new Problem('unreachable', 0)
  } finally {
    clearTimeout(timer)
  }
}

function headersOf({ body, idempotencyKey, ifMatch }: Call): Record<string, string> {
  const headers: Record<string, string> = { Accept: 'application/json' }
  if (body !== undefined) headers['Content-Type'] = 'application/json'
  if (idempotencyKey !== undefined) headers['Idempotency-Key'] = idempotencyKey
  if (ifMatch !== undefined) headers['If-Match'] = `"${ifMatch}"`
  return headers
}

async function problemOf(response: Response): Promise<Problem> {
  try {
    const details = (await response.json()) as ProblemDetails
    return new Problem(details.code ?? 'internal', response.status, details)
  } catch {
    return new Problem(response.status === 404 ? 'not_found' : 'internal', response.status)
  }
}

export function newKey(): string {
  return uuid()
}

/** Query text from what is set. */
export function query(values: Readonly<Record<string, string | number | null | undefined>>): string {
  const set = Object.entries(values).filter(([, value]) => value != null && value !== '')
  const text = new URLSearchParams(set.map(([name, value]) => [name, String(value)])).toString()
  return text === '' ? '' : '?' + text
}
