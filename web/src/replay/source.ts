/** A finished sale as a room: the same view, fed by its log and a clock of its own. */
import { computed, onBeforeUnmount, ref, shallowRef, watch, type Ref } from 'vue'
import type { LotEntry } from '../api/wire'
import { nothingHeard, type Heard } from '../live/channel'
import type { RoomView } from '../room/view'
import { fold, momentAt, type Moment } from './fold'

const FRAME_MS = 50
/** Quiet time longer than this is skipped when the viewer wants it. */
const IDLE_MS = 5_000
export const SPEEDS = [1, 2, 5, 10, 50, 100] as const

export interface Player {
  readonly room: RoomView
  readonly moments: readonly Moment[]
  readonly from: number
  readonly to: number
  /** Server ms on screen. */
  readonly at: Ref<number>
  readonly index: Ref<number>
  readonly playing: Ref<boolean>
  readonly speed: Ref<number>
  readonly skipIdle: Ref<boolean>
  seek(at: number): void
  /** To the moment before or after the present one. */
  step(by: 1 | -1): void
}

/** Raises Error when the entries have a gap. */
export function usePlayer(lotId: string, entries: readonly LotEntry[]): Player {
  const moments = fold(entries)
  const from = moments[0]?.at ?? 0
  const to = moments[moments.length - 1]?.at ?? 0
  const at = ref(beginning(moments))
  const playing = ref(false)
  const speed = ref(1)
  const skipIdle = ref(true)
  const index = computed(() => momentAt(moments, at.value))
  const log = entries[0]?.log ?? ''
  const heard = shallowRef<Heard>(screenAt(moments, index.value, lotId, log))
  watch(index, (now) => (heard.value = screenAt(moments, now, lotId, log)))

  let last = performance.now()
  const timer = setInterval(() => {
    const now = performance.now()
    const passed = now - last
    last = now
    if (playing.value) advance(passed * speed.value)
  }, FRAME_MS)
  onBeforeUnmount(() => clearInterval(timer))

  function advance(ms: number): void {
    const next = moments[index.value + 1]
    const idle = skipIdle.value && next !== undefined && next.at - at.value > IDLE_MS * speed.value && quiet()
    at.value = Math.min(idle ? next.at - 1 : at.value + ms, to)
    if (at.value >= to) playing.value = false
  }
  /** Only time in which no window runs may be skipped: a countdown is shown whole. */
  function quiet(): boolean {
    const lot = heard.value.lot
    return lot === null || lot.control !== 'NORMAL' || (lot.stage !== 'TIMED' && lot.stage !== 'READY')
  }
  function seek(to_: number): void {
    at.value = Math.min(Math.max(to_, from), to)
  }
  function step(by: 1 | -1): void {
    const now = moments[index.value]
    const back = by === -1 && now !== undefined && at.value > now.at ? 0 : by
    const goal = moments[Math.min(Math.max(index.value + back, 0), moments.length - 1)]
    if (goal) seek(goal.at)
  }

  const room: RoomView = { kind: 'replay', missing: ref(false), heard, link: ref('replay'), now: at, line: null, recovery: null, loadEarlier: null, bidding: null }
  return { room, moments, from, to, at, index, playing, speed, skipIdle, seek, step }
}

/** The replay opens a little before the first stage of bidding. */
function beginning(moments: readonly Moment[]): number {
  const opened = moments.find((each) => each.lot.stage !== 'ANNOUNCED')
  return opened?.at ?? moments[0]?.at ?? 0
}

function screenAt(moments: readonly Moment[], index: number, lotId: string, log: string): Heard {
  const empty = nothingHeard(lotId)
  const moment = moments[index]
  if (moment === undefined) return { ...empty, log }
  const past = moments.slice(0, index + 1)
  return {
    ...empty,
    log,
    seq: moment.seq,
    at: moment.at,
    lot: moment.lot,
    rules: moment.rules,
    quotes: past.flatMap((each) => (each.quote ? [each.quote] : [])),
    notices: past.flatMap((each) => (each.notice ? [each.notice] : [])),
  }
}
