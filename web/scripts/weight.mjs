// What a browser must load before the first bid button stands: script of the live room, gzip.
// Ends with 1 when it is more than the budget. Run after a build; takes the folder as argument.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'

const BUDGET_KIB = 60
const built = process.argv[2] ?? fileURLToPath(new URL('../../service/web_dist', import.meta.url))
const manifest = JSON.parse(readFileSync(join(built, '.vite/manifest.json'), 'utf8'))

const files = new Set()
function need(name) {
  const chunk = manifest[name]
  if (!chunk || files.has(chunk.file)) return
  files.add(chunk.file)
  for (const each of chunk.imports ?? []) need(each)
}
need('index.html')
need('src/pages/Live.vue')

let total = 0
for (const file of files) {
  const size = gzipSync(readFileSync(join(built, file)), { level: 9 }).length
  total += size
  console.log(`${(size / 1024).toFixed(1).padStart(7)} KiB  ${file}`)
}
console.log(`${(total / 1024).toFixed(1).padStart(7)} KiB  of ${BUDGET_KIB} KiB`)
process.exit(total / 1024 > BUDGET_KIB ? 1 : 0)
