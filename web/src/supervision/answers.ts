/**
 * What a witness or an authority last came to, in the reader's language. The service notes it in
 * English, in fixed sentences; words of somebody outside are shown as they are.
 */
import { language } from '../text'

const CHINESE: readonly (readonly [RegExp, string])[] = [
  [/^no answer within (\d+) ms$/, '$1 毫秒内没有回应'],
  [/^no answer: ([^]+)$/, '没有回应（$1）'],
  [/^an answer of more than (\d+) bytes$/, '回应超过 $1 字节'],
  [/^HTTP (\d+)$/, '拒绝（HTTP $1）'],
  [/^HTTP (\d+): ([^]+)$/, '拒绝（HTTP $1：$2）'],
  [/^its clock is (\d+) s behind the entries it (?:signed|stamped)$/, '其时钟比所签记录慢 $1 秒'],
  [/^it names another size each time$/, '每次说的条数都不同'],
  [/^it holds (\d+) entries$/, '它见过 $1 条'],
  [/^(?:it holds (\d+) entries), and shows no head$/, '称见过 $1 条，却出示不了树头'],
  [/^what it shows is no head of ours: ([^]+)$/, '它出示的不是本系统的树头（$1）'],
]

/** Why a log is signed no more: what is wrong with which database, then what to do. */
const REMEDY = /^([^]+[^.])\. Nothing is signed here: put the newest database back in service [^]+$/
const REMEDY_CHINESE = '此处不再签名：请恢复使用最新的数据库（直到最后一条预写日志），将本库留作证据，并查阅操作手册。'
const HALTED: readonly (readonly [RegExp, string])[] = [
  [
    /^(\S+): the witness (\S+) holds (\d+) entries and this database has (\d+): it is an older backup or another history$/,
    '$1：见证人 $2 见过 $3 条，本数据库只有 $4 条，是较旧的备份或另一份历史。',
  ],
  [
    /^(\S+): at size (\d+) the witness (\S+) holds the root (\S+) and this database \((\d+) entries\) gives (\S+): it is another history$/,
    '$1：见证人 $3 在第 $2 条处的树根为 $4，本数据库（$5 条）为 $6，是另一份历史。',
  ],
  [/^(\S+): \S+: the stored leaves do not give the head of (\d+)$/, '$1：所存记录算不出第 $2 条处的树头。'],
  [
    /^(\S+): the stored entries do not give the head of (\d+): this database was changed from outside$/,
    '$1：所存记录算不出第 $2 条处的树头，本数据库被人从外部改动过。',
  ],
  [
    /^(\S+): a witness's cosignature of (\d+) entries is of another head \(([^]+)\): this database was changed from outside$/,
    '$1：见证人对 $2 条的共签属于另一个树头（$3），本数据库被人从外部改动过。',
  ],
]

export function answered(said: string): string {
  return inTheirLanguage(said, CHINESE) ?? halted(said)
}

export function halted(said: string): string {
  const why = REMEDY.exec(said)?.[1]
  const chinese = why === undefined ? null : inTheirLanguage(why, HALTED)
  return chinese === null || language.value === 'en' ? said : chinese + REMEDY_CHINESE
}

function inTheirLanguage(said: string, known: readonly (readonly [RegExp, string])[]): string | null {
  if (language.value === 'en') return said
  const found = known.find(([pattern]) => pattern.test(said))
  return found === undefined ? null : said.replace(found[0], found[1])
}
