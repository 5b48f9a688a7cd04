"""What a check remarks, in Chinese: the verifier says it in fixed English sentences."""

import re
from collections.abc import Mapping

_KINDS: Mapping[str, str] = {
    "opening": "开始", "suspension": "中止", "resumption": "恢复",
    "interval": "每十分钟", "close": "结束", "seal": "封存",
}  # fmt: skip
_CHINESE: tuple[tuple[str, str], ...] = (
    (r"no policy was given: witnesses were not looked at", "没有给出见证方策略，未核对见证签名"),
    (
        r"no timestamp authority was given: (\d+) tokens were not judged",
        r"没有给出时间戳机构证书，\1 个时间戳未判断",
    ),
    (r"(\d+) of (\d+) announced documents are in the pack", r"公告的 \2 个文件中，包内有 \1 个"),
    (r"the quorum covers (\d+) of (\d+) entries", r"达到策略要求的见证覆盖 \2 条中的 \1 条"),
    (r"no bid was decided", "没有报价"),
    (r"no document was announced", "没有公告文件"),
    (r"no window was closed and none was interrupted", "没有关闭过窗口，也没有中断"),
    (r"the sale is not over: (\w+)", r"交易尚未结束（\1）"),
    (r"the bidders' keys are not published yet: .+", "名册尚未公开，竞买人的公钥未知"),
    (r"nothing is opened yet: .+", "还没有任何开启"),
    (r"the roll is not opened: .+", "名册尚未公开"),
)
_STAMPED = re.compile(
    r"(\d+) of (\d+) moments are stamped(?:, not ([^;]+))?"
    r"(?:; the longest delay is ([\d.]+) s, at the (\w+))?"
)


def in_chinese(remark: str) -> str:
    """The sentence in Chinese; one that is not known here is left as it is."""
    for pattern, chinese in _CHINESE:
        if re.fullmatch(pattern, remark):
            return re.sub(pattern, chinese, remark)
    stamped = _STAMPED.fullmatch(remark)
    return remark if stamped is None else _stamped(*stamped.groups())


def _stamped(done: str, of: str, missing: str | None, delay: str | None, at: str | None) -> str:
    words = f"应盖时间戳的 {of} 个时刻中，已盖 {done} 个"
    if missing:
        lacking = (each.split(" ", 1) for each in missing.split(", "))
        words += "，缺 " + "、".join(f"{_KINDS.get(kind, kind)} {n} 个" for n, kind in lacking)
    return words if delay is None else f"{words}；最长滞后 {delay} 秒（{_KINDS.get(at or '', at)}）"
