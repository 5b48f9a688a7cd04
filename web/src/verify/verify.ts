/** Verifies an evidence pack from a file of this computer, in a worker: nothing leaves the browser. */
import type { Progress, Verdict } from './pack/judge'
import type { Task, Told } from './worker'

export type { Progress, Verdict }

export interface Options {
  /** The log's verifier key, taken from somewhere else than the pack. */
  readonly vkey: string
  /** A C2SP tlog-policy: which witnesses are believed. */
  readonly policy?: string | undefined
  /** PEM certificates of timestamp authorities that are believed. */
  readonly tsa?: readonly string[] | undefined
  readonly onProgress?: ((progress: Progress) => void) | undefined
}

/** The verifier failed, which says nothing about the pack. */
export class VerifierFault extends Error {}

/** Stopped by whoever started it. */
export class Cancelled extends Error {}

/** One worker, which is loaded at once and then needs no network; one pack at a time. */
export class Verifier {
  private worker = this.begin()
  private settle: { resolve(report: Verdict): void; reject(error: Error): void } | null = null
  private onProgress: ((progress: Progress) => void) | undefined

  /** `onReady` is told when everything is loaded, again after a cancelled run; `onBroken` when it cannot be. */
  constructor(
    private readonly onReady: () => void = () => {},
    private readonly onBroken: () => void = () => {},
  ) {}

  /** Rejects with VerifierFault or Cancelled; a pack that cannot be read is a report. */
  verify(file: File | Uint8Array, { onProgress, ...given }: Options): Promise<Verdict> {
    const name = file instanceof Uint8Array ? 'pack.zip' : file.name
    this.onProgress = onProgress
    return new Promise((resolve, reject) => {
      this.settle = { resolve, reject }
      this.worker.postMessage({ file, name, ...given } satisfies Task)
    })
  }

  cancel(): void {
    this.end(new Cancelled())
    this.worker = this.begin()
  }

  close(): void {
    this.end(new Cancelled())
  }

  private end(error: Error): void {
    this.worker.terminate()
    this.settle?.reject(error)
    this.settle = null
  }

  private begin(): Worker {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' })
    worker.onerror = (event) => {
      event.preventDefault()
      this.onBroken()
      this.settle?.reject(new VerifierFault(event.message || 'the verifier did not start'))
      this.settle = null
    }
    worker.onmessage = ({ data }: MessageEvent<Told>) => this.hear(data)
    return worker
  }

  private hear(told: Told): void {
    if ('ready' in told) return this.onReady()
    if ('progress' in told) return this.onProgress?.(told.progress)
    if ('report' in told) this.settle?.resolve(told.report)
    else {
      if (this.settle === null) this.onBroken()
      this.settle?.reject(new VerifierFault(told.fault))
    }
    this.settle = null
  }
}

export function verifyPack(file: File | Uint8Array, options: Options): Promise<Verdict> {
  const verifier = new Verifier()
  return verifier.verify(file, options).finally(() => verifier.close())
}
