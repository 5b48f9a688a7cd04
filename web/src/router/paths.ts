/** Addresses and pages: which page an address means, and how a page's address is written. */

export type Query = Readonly<Record<string, string | undefined>>

export interface Place<Name extends string = string> {
  readonly name: Name
  readonly params?: Readonly<Record<string, string>>
  readonly query?: Query
}

export interface Found<Name extends string> {
  readonly name: Name
  readonly params: Readonly<Record<string, string>>
  readonly query: Query
  readonly path: string
  /** Path and query, to come back to. */
  readonly fullPath: string
}

/** The first page whose path fits, or null. `address` is a path with or without a query. */
export function find<Name extends string>(pages: Readonly<Record<Name, { path: string }>>, address: string): Found<Name> | null {
  const [path = '/', search = ''] = address.split('#')[0]?.split('?') ?? []
  const parts = split(path)
  for (const name of Object.keys(pages) as Name[]) {
    const params = fits(split(pages[name].path), parts)
    if (params === null || pages[name].path === '') continue
    return { name, params, query: Object.fromEntries(new URLSearchParams(search)), path, fullPath: search ? `${path}?${search}` : path }
  }
  return null
}

/** The address of a page; raises Error when one of its parts is not given. */
export function write<Name extends string>(pages: Readonly<Record<Name, { path: string }>>, { name, params, query }: Place<Name>): string {
  const path = pages[name].path.replace(/:(\w+)/g, (_all, part: string) => {
    const value = params?.[part]
    if (value === undefined) throw new Error(`${name} needs ${part}`)
    return encodeURIComponent(value)
  })
  const set = Object.entries(query ?? {}).filter((each): each is [string, string] => each[1] !== undefined)
  const search = new URLSearchParams(set).toString()
  return search ? `${path}?${search}` : path
}

function split(path: string): string[] {
  return path.split('/').filter(Boolean)
}

function fits(pattern: readonly string[], parts: readonly string[]): Record<string, string> | null {
  if (pattern.length !== parts.length) return null
  const params: Record<string, string> = {}
  for (const [at, wanted] of pattern.entries()) {
    const part = parts[at] as string
    if (wanted.startsWith(':')) {
      const value = decoded(part)
      if (value === null) return null
      params[wanted.slice(1)] = value
    } else if (wanted !== part) return null
  }
  return params
}

function decoded(part: string): string | null {
  try {
    return decodeURIComponent(part)
  } catch {
    return null
  }
}
