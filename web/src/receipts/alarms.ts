/** Shouts kept alarms over whatever page is open, until the person has acknowledged them. */
import { createApp, watch, type App } from 'vue'
import AlarmScreen from './AlarmScreen.vue'
import { listen, loud } from './ringing'

let screen: App | null = null

/** Reads what is kept and shows it: on every page load, and when a new alarm has come. */
export async function showAlarms(): Promise<void> {
  await listen()
  if (loud.value.length > 0 && screen === null) mount()
}

/** Beside the page and above it, so that no page can be without it. */
function mount(): void {
  const place = document.createElement('div')
  place.id = 'alarms'
  document.body.append(place)
  document.getElementById('app')?.setAttribute('inert', '')
  screen = createApp(AlarmScreen)
  screen.mount(place)
  const stop = watch(loud, (left) => {
    if (left.length > 0) return
    stop()
    unmount(place)
  })
}

function unmount(place: HTMLElement): void {
  screen?.unmount()
  screen = null
  place.remove()
  document.getElementById('app')?.removeAttribute('inert')
}
