import { describe, expect, it } from 'vitest'
import { fromHex, hex, utf8, type Bytes } from '../../src/verify/core/bytes'
import { EMPTY_ROOT, Frontier, leafHash, nodeHash, rootOf, verifyConsistency, verifyInclusion } from '../../src/verify/core/tree'
import { mth, path, subproof } from './proofs'

// The reference tree of RFC 6962's first implementation (certificate-transparency, merkle tests).
const ENTRIES = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f']
const ROOTS = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
]
const H96 = '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7'
const H5F = '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e'
const H6B = '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4'
const HBC = 'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b'
const HCA = 'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0'
const H0E = '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a'

const leaves = ENTRIES.map((entry) => leafHash(fromHex(entry)))
const root = (size: number) => fromHex(ROOTS[size - 1] as string)
const hashes = (...all: string[]) => all.map(fromHex)

describe('published trees', () => {
  it('has the roots of the reference tree', () => {
    expect(hex(EMPTY_ROOT)).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
    const frontier = new Frontier()
    leaves.forEach((leaf, at) => {
      frontier.append(leaf)
      expect(hex(frontier.root)).toBe(ROOTS[at])
    })
    expect(frontier.size).toBe(8)
  })

  it.each([
    [0, 1, []],
    [0, 8, [H96, H5F, H6B]],
    [5, 8, [HBC, HCA, ROOTS[3] as string]],
    [2, 3, [ROOTS[1] as string]],
    [1, 5, [ROOTS[0] as string, H5F, HBC]],
  ])('proves entry %i of %i', (index, size, proof) => {
    verifyInclusion(leaves[index] as Bytes, index, size, hashes(...proof), root(size))
  })

  it.each([
    [1, 1, []],
    [1, 8, [H96, H5F, H6B]],
    [6, 8, [H0E, HCA, ROOTS[3] as string]],
    [2, 5, [H5F, HBC]],
  ])('proves that %i is the beginning of %i', (from, to, proof) => {
    verifyConsistency(from, to, hashes(...proof), root(from), root(to))
  })
})

// ── every honest proof of trees up to 300, and everything near it ───────────────────────────

const N = 300
const many = Array.from({ length: N }, (_none, at) => leafHash(utf8(`entry ${at}`)))
const roots = Array.from({ length: N + 1 }, (_none, size) => rootOf(many.slice(0, size)))
const tree = (size: number) => many.slice(0, size)
const flipped = (hash: Uint8Array, bit: number) => hash.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte))
const put = (proof: readonly Uint8Array[], place: number, hash: Uint8Array) => proof.map((each, at) => (at === place ? hash : each))
const SIZES = [1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 31, 33, 64, 100, 127, 128, 129, 200, 255, 256, 257, 299, 300]

describe('trees of all sizes up to 300', () => {
  it('agrees on roots with the definition', () => {
    for (let size = 1; size <= N; size += 1) expect(hex(roots[size] as Bytes)).toBe(hex(mth(tree(size))))
  })

  it('takes every honest inclusion proof', () => {
    for (const size of SIZES) {
      for (let index = 0; index < size; index += 1) verifyInclusion(many[index] as Bytes, index, size, path(index, tree(size)), roots[size] as Bytes)
    }
  })

  it('takes every honest consistency proof', () => {
    for (const to of SIZES) {
      for (let from = 1; from <= to; from += 1) {
        verifyConsistency(from, to, subproof(from, tree(to), true), roots[from] as Bytes, roots[to] as Bytes)
      }
    }
  })

  it('refuses an inclusion proof with a bit flipped, cut, padded, moved, or for another size', () => {
    for (const size of SIZES) {
      for (const index of new Set([0, size >> 1, size - 1])) {
        const proof = path(index, tree(size))
        const [leaf, top] = [many[index] as Bytes, roots[size] as Bytes]
        const refuse = (...given: Parameters<typeof verifyInclusion>) => expect(() => verifyInclusion(...given)).toThrow()
        proof.forEach((hash, at) => refuse(leaf, index, size, put(proof, at, flipped(hash, (at * 37) % 256)), top))
        refuse(flipped(leaf, 7), index, size, proof, top)
        refuse(leaf, index, size, proof, flipped(top, 255))
        refuse(leaf, index, size, [...proof, top], top)
        refuse(leaf, index, size, [top, ...proof], top)
        if (proof.length > 0) refuse(leaf, index, size, proof.slice(1), top)
        if (proof.length > 0) refuse(leaf, index, size, proof.slice(0, -1), top)
        if (index > 0) refuse(leaf, index - 1, size, proof, top)
        refuse(leaf, index + 1, size, proof, top)
        refuse(leaf, -1, size, proof, top)
        refuse(leaf, index + 0.5, size, proof, top)
      }
    }
  })

  it('refuses a consistency proof with a bit flipped, cut, padded, turned round, or for another root', () => {
    for (const to of SIZES) {
      for (const from of new Set([1, (to >> 1) + 1, to])) {
        const proof = subproof(from, tree(to), true)
        const [old, fresh] = [roots[from] as Bytes, roots[to] as Bytes]
        const refuse = (...given: Parameters<typeof verifyConsistency>) => expect(() => verifyConsistency(...given)).toThrow()
        proof.forEach((hash, at) => refuse(from, to, put(proof, at, flipped(hash, (at * 37) % 256)), old, fresh))
        refuse(from, to, proof, flipped(old, 0), fresh)
        refuse(from, to, proof, old, flipped(fresh, 0))
        refuse(from, to, [...proof, fresh], old, fresh)
        if (proof.length > 0) refuse(from, to, proof.slice(0, -1), old, fresh)
        if (proof.length > 0) refuse(from, to, proof.slice(1), old, fresh)
        if (from < to) refuse(to, from, proof, fresh, old)
      }
    }
  })

  it('does not take a node for a leaf', () => {
    const inner = nodeHash(many[0] as Bytes, many[1] as Bytes)
    const entry = Uint8Array.of(...(many[0] as Bytes), ...(many[1] as Bytes))
    expect(() => verifyInclusion(leafHash(entry), 0, 2, [many[2] as Bytes], roots[3] as Bytes)).toThrow('root_differs')
    expect(hex(nodeHash(inner, many[2] as Bytes))).toBe(hex(roots[3] as Bytes))
  })

  it('knows that every tree begins with the empty one, and nothing else about it', () => {
    verifyConsistency(0, 5, [], EMPTY_ROOT, roots[5] as Bytes)
    verifyConsistency(0, 0, [], EMPTY_ROOT, EMPTY_ROOT)
    expect(() => verifyConsistency(0, 5, [], roots[1] as Bytes, roots[5] as Bytes)).toThrow('old_root_differs')
    expect(() => verifyConsistency(0, 5, [EMPTY_ROOT], EMPTY_ROOT, roots[5] as Bytes)).toThrow('proof_too_long')
  })

  it('counts past 2^32', () => {
    expect(() => verifyInclusion(many[0] as Bytes, 2 ** 40, 2 ** 40 + 1, [], many[0] as Bytes)).toThrow('proof_too_short')
    verifyInclusion(many[1] as Bytes, 2 ** 40, 2 ** 40 + 1, [many[0] as Bytes], nodeHash(many[0] as Bytes, many[1] as Bytes))
    expect(() => verifyInclusion(many[0] as Bytes, 0, 2 ** 53, [], many[0] as Bytes)).toThrow('index_out_of_range')
  })
})
