import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'
import { judge } from '../../src/verify/pack/judge'

interface Finding {
  readonly exit_code: number
  readonly check: number | null
  readonly first_seq: number | null
  readonly failing: readonly number[]
  readonly root: string | null
  readonly outcome: string | null
}

interface Row {
  readonly name: string
  readonly pack: string
  readonly key: string
  readonly policy: string | null
  readonly tsa: readonly string[]
  readonly expected: Finding
}

// Made by `python -m tests.corpus`, with what the verifier in Python finds. Another folder of that
// form can be named, to hold this verifier to more packs than are kept.
const named = process.env['LUOCHUI_CORPUS']
const folder = named ? pathToFileURL(`${named}/`) : new URL('../../../tests/corpus/packs/', import.meta.url)
const file = (name: string) => readFileSync(new URL(name, folder))
const rows = JSON.parse(file('expected.json').toString()) as Row[]

async function found(row: Row): Promise<Finding> {
  const report = await judge(new Uint8Array(file(row.pack)), {
    name: row.name,
    vkey: row.key,
    policy: row.policy === null ? undefined : file(row.policy).toString('latin1'),
    tsa: row.tsa.map((name) => file(name).toString()),
  })
  const failed = report.checks.filter((check) => check.status === 'FAILED')
  const held = report.exit_code === 0
  return {
    exit_code: report.exit_code,
    check: failed[0]?.number ?? null,
    first_seq: failed[0]?.first_seq ?? null,
    failing: failed.map((check) => check.number),
    root: held ? (report.root ?? null) : null,
    outcome: held ? (report.outcome ?? null) : null,
  }
}

describe('packs that the other verifier has judged', () => {
  it.each(rows)('$name', { timeout: 60_000 }, async (row) => {
    expect(await found(row)).toEqual(row.expected)
  })
})
