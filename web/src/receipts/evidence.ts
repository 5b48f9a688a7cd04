/** Receipts and alarms leave the browser as files that any verifier reads. */
import { save } from '../api/doors'
import type { KeptReceipt } from '../live/vault'
import type { Alarm } from './store'

const plain = (text: string) => new Blob([text], { type: 'text/plain' })

export function saveText(text: string, name: string): void {
  save(plain(text.endsWith('\n') ? text : `${text}\n`), name)
}

export const receiptName = (bidId: string): string => `${bidId}.tlog-proof`

/** All receipts as one zip, a folder for each lot; fflate is loaded only now. */
export async function saveAll(receipts: readonly KeptReceipt[], name: string): Promise<void> {
  const files: Record<string, Uint8Array> = {}
  for (const { lotId, bidId, receipt } of receipts) {
    if (receipt.proof) files[`${lotId}/${receiptName(bidId)}`] = new TextEncoder().encode(receipt.proof)
  }
  const { zipSync } = await import('fflate')
  save(new Blob([zipSync(files) as Uint8Array<ArrayBuffer>], { type: 'application/zip' }), name)
}

/** The two things that cannot both be true, each under a name that says which it is. */
export function saveHeld(alarm: Alarm): void {
  saveText(alarm.held, `${fileStem(alarm)}-held.txt`)
}

export function saveShown(alarm: Alarm): void {
  saveText(alarm.shown, `${fileStem(alarm)}-shown.txt`)
}

export function saveMore(alarm: Alarm): void {
  saveText(alarm.more, `${fileStem(alarm)}-more.txt`)
}

function fileStem({ kind, origin, seenAt }: Alarm): string {
  const log = origin.replace(/[^a-z0-9.-]+/gi, '-') || 'key'
  return `luochui-${kind.toLowerCase().replace('_', '-')}-${log}-${seenAt}`
}
