import { createApp } from 'vue'
import App from './App.vue'
import { RouterLink, start as startRouter } from './router'
import { watchNetwork } from './session'
import { keptLanguage, speak } from './text'
import './style/tokens.css'
import './style/base.css'

async function start(): Promise<void> {
  await speak(keptLanguage())
  watchNetwork()
  createApp(App).component('RouterLink', RouterLink).mount('#app')
  await startRouter()
}

/** Alarms about the log outlive the page; a browser that never watched a log has none. */
function watchedALog(): boolean {
  try {
    return localStorage.getItem('luochui.log') !== null
  } catch {
    return true
  }
}

void start()
if (watchedALog()) void import('./receipts/alarms').then(({ showAlarms }) => showAlarms())
