/** Judges packs away from the page, one after another, so that the page stays alive. */
import { judge, type Given, type Progress, type Verdict } from './pack/judge'

export interface Task extends Omit<Given, 'tell'> {
  readonly file: Uint8Array | Blob
}

export type Told =
  /** Everything is loaded: from here on no network is needed. */
  | { readonly ready: true }
  | { readonly progress: Progress }
  | { readonly report: Verdict }
  /** A fault of ours, not of the pack. */
  | { readonly fault: string }

interface Scope {
  onmessage: ((message: MessageEvent<Task>) => void) | null
  postMessage(told: Told): void
}

const scope = self as unknown as Scope

scope.onmessage = ({ data: { file, ...given } }) => {
  const tell = (progress: Progress) => scope.postMessage({ progress })
  judge(file, { ...given, tell }).then(
    (report) => scope.postMessage({ report }),
    (error: unknown) => scope.postMessage({ fault: error instanceof Error ? error.message : String(error) }),
  )
}

// The parser of timestamps is a chunk of its own; a person who then goes offline shall have it too.
import('./pack/tokens').then(
  () => scope.postMessage({ ready: true }),
  () => scope.postMessage({ fault: 'a part of the verifier did not load' }),
)
