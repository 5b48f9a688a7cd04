import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'
import { asPem, asText } from '../../src/verify/given'
import { judge } from '../../src/verify/pack/judge'

interface Row {
  readonly name: string
  readonly pack: string
  readonly key: string
  readonly policy: string | null
  readonly tsa: readonly string[] | null
  readonly expected: {
    readonly exit_code: number
    readonly check: number | null
    readonly first_seq: number | null
    readonly failing: readonly number[]
    readonly root: string | null
    readonly outcome: string | null
  }
}

// The corpus that both verifiers are held to, with what the one in Python finds.
// Another folder, made by `python -m tests.corpus.many`, can be named.
const named = process.env['LUOCHUI_CORPUS']
const folder = named ? pathToFileURL(`${named}/`) : new URL('../../../tests/corpus/packs/', import.meta.url)
const bytes = (name: string) => new Uint8Array(readFileSync(new URL(name, folder)))
const rows = JSON.parse(readFileSync(new URL('expected.json', folder), 'utf8')) as readonly Row[]

async function finding(row: Row): Promise<Row['expected']> {
  const policy = row.policy === null ? undefined : await asText(new File([bytes(row.policy)], 'policy'))
  const tsa = await Promise.all((row.tsa ?? []).map((name) => asPem(new File([bytes(name)], 'pem'))))
  const report = await judge(bytes(row.pack), { name: row.pack, vkey: row.key, policy, tsa })
  const failed = report.checks.filter((check) => check.status === 'FAILED')
  const held = report.exit_code === 0
  return {
    exit_code: report.exit_code, check: failed[0]?.number ?? null, first_seq: failed[0]?.first_seq ?? null,
    failing: failed.map((check) => check.number), root: (held && report.root) || null, outcome: (held && report.outcome) || null,
  }
}

describe('the shared corpus', () => {
  it('is there', () => expect(rows.length).toBeGreaterThan(200))
  it.each(rows)('$name', async (row) => {
    expect(await finding(row)).toEqual(row.expected)
  }, 30_000)
})
