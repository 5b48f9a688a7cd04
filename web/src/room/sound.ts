/** Two short tones, on or off as the person chose; silent where the browser does not allow sound. */
import { ref, watch } from 'vue'

const KEPT = 'luochui.sound'

export const soundOn = ref(kept())
watch(soundOn, (on) => {
  try {
    localStorage.setItem(KEPT, on ? 'on' : 'off')
  } catch {
    // The choice holds for this page only.
  }
})

function kept(): boolean {
  try {
    return localStorage.getItem(KEPT) !== 'off'
  } catch {
    return true
  }
}

let context: AudioContext | null = null

export function chime(kind: 'outbid' | 'warning'): void {
  if (!soundOn.value || typeof AudioContext === 'undefined') return
  context ??= new AudioContext()
  const start = context.currentTime
  const tones = kind === 'outbid' ? [660, 440] : [880]
  tones.forEach((hertz, index) => tone(context as AudioContext, hertz, start + index * 0.18))
}

function tone(audio: AudioContext, hertz: number, at: number): void {
  const source = audio.createOscillator()
  const volume = audio.createGain()
  source.frequency.value = hertz
  volume.gain.setValueAtTime(0.12, at)
  volume.gain.exponentialRampToValueAtTime(0.001, at + 0.16)
  source.connect(volume).connect(audio.destination)
  source.start(at)
  source.stop(at + 0.17)
}
