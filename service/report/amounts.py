"""Amounts and instants as people write them; formatting happens here, at the very edge."""

from datetime import UTC, datetime, timedelta, timezone

BEIJING = timezone(timedelta(hours=8))
_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("", "拾", "佰", "仟")
_GROUPS = ("", "万", "亿", "万亿")
_FEN_PER_YUAN = 100


def yuan(amount_fen: int) -> str:
    """`107,000,000 fen` as `1,070,000`; the fen only where there are any."""
    whole, fen = divmod(amount_fen, _FEN_PER_YUAN)
    return f"{whole:,}.{fen:02d}" if fen else f"{whole:,}"


def in_capitals(amount_fen: int) -> str:
    """The amount in the capital numerals of contracts (大写), which nobody alters with one stroke.

    Form after the People's Bank of China's rules for bills: 零 once for a gap, 整 after whole yuan
    or jiao.
    """
    whole, fen = divmod(amount_fen, _FEN_PER_YUAN)
    jiao, rest = divmod(fen, 10)
    head = f"{_whole(whole)}元" if whole else ""
    if not fen:
        return (head or "零元") + "整"
    tail = f"{_DIGITS[jiao]}角" if jiao else ("零" if head else "")
    return head + tail + (f"{_DIGITS[rest]}分" if rest else "整")


def _whole(value: int) -> str:
    """Groups of four digits, with one 零 wherever places were passed over."""
    groups = []
    while value:
        value, group = divmod(value, 10_000)
        groups.append(group)
    text, gap = "", False
    for power in range(len(groups) - 1, -1, -1):
        group = groups[power]
        if not group:
            gap = True
            continue
        text += ("零" if text and (gap or group < 1000) else "") + _group(group) + _GROUPS[power]
        gap = False
    return text


def _group(value: int) -> str:
    text, gap = "", False
    for place in range(3, -1, -1):
        digit = value // 10**place % 10
        if digit:
            text += ("零" if gap and text else "") + _DIGITS[digit] + _PLACES[place]
        gap = not digit
    return text


def instant(at_ms: int) -> str:
    """Beijing time with its milliseconds, as it stands in a receipt."""
    at = datetime.fromtimestamp(at_ms // 1000, BEIJING)
    return f"{at:%Y-%m-%d %H:%M:%S}.{at_ms % 1000:03d}"


def utc(at_ms: int) -> datetime:
    """For the document's own date."""
    return datetime.fromtimestamp(at_ms // 1000, UTC)


def span(length_ms: int) -> str:
    """A length of time: `20.000 s`, `1:02:03`, `9 d 01:00:00`."""
    seconds, ms = divmod(length_ms, 1000)
    if seconds < 60:
        return f"{seconds}.{ms:03d} s"
    days, rest = divmod(seconds, 86_400)
    clock = f"{rest // 3600}:{rest // 60 % 60:02d}:{rest % 60:02d}"
    return f"{days} d {clock}" if days else clock
