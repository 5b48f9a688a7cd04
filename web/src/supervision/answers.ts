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

export function answered(said: string): string {
  if (language.value === 'en') return said
  const found = CHINESE.find(([pattern]) => pattern.test(said))
  return found === undefined ? said : said.replace(found[0], found[1])
}
