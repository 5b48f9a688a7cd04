/** A receipt leaves the browser as the tlog-proof file that any verifier reads. */
import { save } from '../api/doors'
import type { KeptReceipt } from '../live/vault'

export function saveReceipt({ bidId, receipt }: KeptReceipt): void {
  save(new Blob([receipt.proof], { type: 'text/plain' }), `${bidId}.tlog-proof`)
}
