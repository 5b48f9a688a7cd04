import { execFileSync } from 'node:child_process'
import { describe, it } from 'vitest'

describe('the types of the doors', () => {
  it('are what the OpenAPI document of the service says', { timeout: 120_000 }, () => {
    // Throws, with the reason on stderr, when `npm run types` would write anything else.
    execFileSync(process.execPath, ['scripts/types.mjs', '--check'], { encoding: 'utf8' })
  })
})
