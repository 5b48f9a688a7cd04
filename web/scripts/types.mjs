// Writes src/api/types.ts from the service's OpenAPI document.
//   npm run types                  asks the service (`luochui openapi`) for its document
//   npm run types -- FILE.json     takes a document that was printed before
//   … --check                      changes nothing, ends with 1 when types.ts is not what it would write
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import openapi, { astToString } from 'openapi-typescript'

const given = process.argv.slice(2)
const check = given.includes('--check')
const [file] = given.filter((word) => word !== '--check')
const text = file
  ? readFileSync(file, 'utf8')
  : execFileSync('uv', ['run', '--no-sync', 'luochui', 'openapi'], {
      cwd: new URL('../../', import.meta.url),
      encoding: 'utf8',
      env: { ...process.env, SKIP_WEB: '1' },
      maxBuffer: 2 ** 26,
    })

const head = '// Made from the OpenAPI document by `npm run types`; do not edit.\n'
const nodes = await openapi(JSON.parse(text), { alphabetize: true })
const made = head + astToString(nodes)
const goal = new URL('../src/api/types.ts', import.meta.url)
if (!check) writeFileSync(goal, made)
else if (readFileSync(goal, 'utf8') !== made) {
  console.error('web/src/api/types.ts is not what the OpenAPI document says: npm run types')
  process.exit(1)
}
