/** Which alarms are not yet acknowledged, and how one is. */
import { shallowRef } from 'vue'
import { acknowledge, allAlarms, trustKey, type Alarm } from './store'

/** Not yet acknowledged, oldest first. */
export const loud = shallowRef<readonly Alarm[]>([])

export async function listen(): Promise<void> {
  loud.value = (await allAlarms()).filter((each) => each.acknowledgedAt === null)
}

/** The person has said that he knows: the alarm stays listed with the receipts. */
export async function hush(alarm: Alarm, now: number): Promise<void> {
  if (alarm.kind === 'KEY_CHANGED') await trustKey(alarm.shown, now)
  await acknowledge(alarm.id, now)
  await listen()
}
