/**
 * What a check says, in the reader's language. Verifiers say it in English, in fixed sentences, so
 * that two reports can be compared; a sentence that is not known here is shown as it is.
 */
import { language } from '../text'

const CHINESE: Readonly<Record<string, string>> = {
  'manifest.json names no log': '清单没有写明是哪个日志',
  'manifest.json is not in canonical form': '清单不是规范写法',
  'not an entry: a field is missing, unknown or of another form': '不是一条合格的日志：缺少字段、有未知字段或格式不对',
  'a field is spelled otherwise or left out': '字段名不对或缺少字段',
  'the log is empty': '日志是空的',
  'an entry names another log': '这一条写的是另一个日志',
  'an entry names another place': '这一条写的是另一个序号',
  'time runs backwards': '时间倒退',
  'a signed root is not that of the entries': '签过名的树根与日志内容算出的不同',
  'checkpoints do not ascend': '检查点的大小没有递增',
  'a signed head covers entries that are gone': '签过名的检查点所含的日志条目已经不在',
  'no signed head covers the last entries': '最后的日志条目没有签名的检查点覆盖',
  'a receipt for a bid that the log does not hold': '有一份回执，但日志里没有这个报价',
  'a decided bid has no receipt': '一个已裁定的报价没有回执',
  'the bidder did not sign this bid': '这个报价不是该竞买人所签',
  'no key on the roll answers for this bid': '名册上没有签这个报价的密钥',
  'the bidder signed to have seen a later entry': '竞买人签名时已见过更晚的记录：中间有记录被删或被移动',
  'a reserve is opened that was never committed to': '开启的底价从未承诺过',
  'the reserve is not the one that was sealed': '开启的底价不是当初密封的那个',
  'no reserve, yet an amount': '声称不设底价，却有金额',
  'each sealed head count is opened once': '每个密封的人数都应开启一次',
  'a head count is not the one that was sealed': '开启的人数不是当初密封的那个',
  'whether enough bidders stood': '竞买人数是否足够，与实际不符',
  'more heads than the roll has numbers': '人数多于名册上的竞买号',
  'whether anyone stood admitted': '是否有人取得资格，与名册不符',
  'the entry cannot be read': '这一条无法读取，其后无法重算',
  'the rules decide otherwise': '按规则重算，结果不同',
  'the rules refuse this command': '按规则不应发生',
  'a bid_id is decided twice': '同一个报价被裁定了两次',
  'decided before it arrived': '裁定时间早于到达时间',
  'rules of a version that is not known here': '规则版本未知，无法重算',
  'a suite that is not known here': '算法套件未知',
  'a bidder number or key is not on the roll': '竞买号或密钥不在名册上',
  'a bid names another admission': '报价所依据的受理记录不对',
  'a bid is held for not admitted before the admission was revoked': '报价被当作无资格，但其资格当时尚未撤销',
  'a bid is held for not admitted, but no admission was revoked': '报价被当作无资格，但其资格从未撤销',
  'one who is not on the roll opts in': '名册以外的人选择参与',
  'key_id is not that of the public key': '密钥编号与公钥不符',
  'a key stands twice on the roll': '名册上有重复的密钥',
  'one bidder number stands for two identities': '一个竞买号对应两个身份',
  'two bidder numbers differ in one place only': '两个竞买号只差一位',
  'the roll names one whom the house log did not admit': '名册上有总日志没有受理的人',
  'an admission of the house log is not on the roll': '总日志受理过的人不在名册上',
  'the house log must tell of one birth of this lot': '总日志应恰有一次记载本标的的开始',
  'the lot that was born is another': '总日志记载的第 0 条与本日志不同',
  'the log that was sealed is another': '总日志记载的最终树根与本日志不同',
  'a document is not the one that its name says': '文件内容与文件名中的哈希不符',
  'a document that was never announced': '文件从未公告过',
  'the hammer fell twice': '落槌两次',
  'the hammer fell to another than the highest quote': '落槌没有给最高报价',
  'the hammer fell below the reserve': '落槌价低于底价',
  'there were quotes': '有人报价，却称无人报价',
  'the reserve was met': '已达底价，却称未达',
  'the total is not the price': '总价与落槌价不符',
  'entries after the seal': '封存之后还有记录',
  'a window was closed over a gap': '报价通道中断期间关闭了窗口',
  'the sale was interrupted though the door was open': '报价通道并未中断，却中断了交易',
  'the cosignature of a witness is wrong': '见证方的签名有误',
  'the log is sealed without the quorum of the policy': '日志已封存，见证方签名没有达到策略要求',
  'the house head does not have the quorum of the policy': '总日志的检查点没有达到策略要求的见证',
  'an entry is dated after a witness had seen it': '记录的时间晚于见证方见到它的时间',
  'a house entry is dated after a witness had seen it': '总日志记录的时间晚于见证方见到它的时间',
  'no timestamp covers the close of the sale': '落槌时没有时间戳',
  'the proofs end before the window': '通道正常的证明在窗口结束前就断了',
  'not a row of the health series': '不是一条合格的通道健康记录',
  'no window was closed and none was interrupted': '没有关闭过窗口，也没有中断',
  'sold, but the hammer never fell': '称已成交，却没有落槌',
  'the rules cannot decide this': '按规则无法裁定这一条',
  'proven against another house head than the others': '与其余总日志证明不在同一个树头之下',
  'no policy was given: witnesses were not looked at': '没有给出见证方策略，未核对见证签名',
  'no document was announced': '没有公告文件',
  'no bid was decided': '没有报价',
  'the log is not sealed yet': '日志尚未封存',
  'no policy was given: nobody says which witnesses are to be believed': '没有给出见证方策略',
  'the pack holds no timestamps': '包内没有时间戳，也没有给出机构证书',
}

const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/^(\S+) is before (\S+)$/, '$1 早于前一条 $2'],
  [/^(house\/\S+|timestamps\/\S+): stamped before its last entry was decided$/, '$1：盖戳早于其中最后一条的裁定'],
  [/^(house\/\S+): other_lot: an entry about another lot: (\w+)$/, '$1 写的是另一个标的（$2）'],
  [/^(house\/\S+): (.+)$/, '$1 没有被证明（$2）'],
  [/^(timestamps\/\S+): (.+)$/, '$1 不成立（$2）'],
  [/^the receipt of bid (.+)$/, '报价 $1 的回执对不上'],
  [/^(.+) has no place in a pack$/, '证据包里不应有 $1'],
  [/^the manifest does not list (.+)$/, '清单里没有 $1'],
  [/^the manifest lists (.+), which is not in the pack$/, '清单里有 $1，包里没有'],
  [/^(.+) is not as long as the manifest says$/, '$1 的长度与清单不符'],
  [/^(.+) is not the file of the manifest$/, '$1 不是清单里的那个文件'],
  [/^checkpoint (\d+) is not signed by this key for this log$/, '第 $1 个检查点不是这把公钥为这个日志所签'],
  [/^(\d+) of (\d+) announced documents are in the pack$/, '公告的 $2 个文件中，包内有 $1 个'],
  [/^the quorum covers (\d+) of (\d+) entries$/, '达到策略要求的见证覆盖 $2 条中的 $1 条'],
  [/^no certificate of an authority was given: (\d+) timestamps were not judged$/, '没有给出机构证书：$1 个时间戳的签名未判断'],
  [/^no timestamp authority was given: (\d+) tokens were not judged$/, '没有给出时间戳机构证书：$1 个时间戳未判断'],
  [/^(\d+) of (\d+) moments are stamped$/, '应盖时间戳的 $2 个时刻中，已盖 $1 个'],
  [/^(\d+) of (\d+) moments are stamped; the longest delay is ([\d.]+) s, at the (\w+)$/, '应盖时间戳的 $2 个时刻中，已盖 $1 个；最长滞后 $3 秒（$4）'],
  [/^(\d+) of (\d+) moments are stamped, not (.+)$/, '应盖时间戳的 $2 个时刻中，已盖 $1 个；缺：$3'],
  [/^the sale is not over: (\w+)$/, '交易尚未结束（$1）'],
  [/^the bidders' keys are not published yet: .*$/, '名册尚未公开，竞买人的公钥未知'],
  [/^nothing is opened yet: .*$/, '还没有任何开启'],
  [/^the roll is not opened: .*$/, '名册尚未公开'],
  [/^a public key cannot be loaded: (.+)$/, '名册上有无效的公钥（$1）'],
  [/^the longest delay of a timestamp is (\d+) s$/, '时间戳最长滞后 $1 秒'],
  [/^the longest delay of a timestamp is (\d+) s; without one: (.+)$/, '时间戳最长滞后 $1 秒；没有时间戳的时刻：$2'],
]

/** What was expected or found instead, as far as it is words and not bytes. */
const VALUES: readonly (readonly [RegExp, string])[] = [
  [/^a valid signature$/, '有效的签名'],
  [/^proves its entry$/, '证明它自己的那一条'],
  [/^holds another entry, at index (\d+)$/, '证明的是另一条，位置 $1'],
  [/^no entry$/, '没有这一条'],
  [/^an opened reserve$/, '已开启的底价'],
  [/^(\d+) entries, root ([0-9a-f]+)$/, '$1 条，树根 $2'],
  [/^at least (\S+)$/, '不小于 $1'],
  [/^at most (\S+)$/, '不大于 $1'],
  [/^more than (\S+)$/, '大于 $1'],
  [/^below (\S+)$/, '低于 $1'],
  [/^before (\S+)$/, '早于 $1'],
  [/^not before (\S+)$/, '不早于 $1'],
  [/^refused: (\S+)$/, '应拒绝：$1'],
  [/^no silence longer than (\d+) ms$/, '没有超过 $1 毫秒的中断'],
]

export function spokenValue(value: string): string {
  if (language.value === 'en') return value
  const found = VALUES.find(([pattern]) => pattern.test(value))
  return found === undefined ? value : value.replace(found[0], found[1])
}

export function spoken(detail: string | null | undefined): string {
  if (detail == null || language.value === 'en') return detail ?? ''
  const fixed = CHINESE[detail]
  if (fixed !== undefined) return fixed
  const found = PATTERNS.find(([pattern]) => pattern.test(detail))
  return found === undefined ? detail : detail.replace(found[0], found[1])
}
