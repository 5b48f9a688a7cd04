"""The announcement of a practice sale as a text file: what a land office would pin to the wall."""

from collections.abc import Iterator
from typing import Any

from service.report.amounts import in_capitals, instant, yuan

_METHODS = {"LISTING": "挂牌", "AUCTION": "拍卖"}
_TIMES = {
    "registration_from": "报名开始",
    "registration_to": "报名截止",
    "deposit_deadline": "保证金到账截止",
    "listing_from": "挂牌开始",
    "listing_to": "挂牌截止",
    "auction_from": "拍卖开始",
}
_PARTS = 100  # areas are whole hundredths of a square metre


def announcement(draft: dict[str, Any]) -> str:
    """A draft's own facts, in the order of a notice. It says that nothing is really for sale."""
    return "\n".join(_lines(draft)) + "\n"


def file_name(draft: dict[str, Any]) -> str:
    return f"国有建设用地使用权出让公告（{draft['lot_id']}）.txt"


def _lines(draft: dict[str, Any]) -> Iterator[str]:
    parcel, rules = draft["parcel"], draft["rules"]
    method = _METHODS[rules["method"]]
    yield f"国有建设用地使用权{method}出让公告"
    yield ""
    yield "【演示】本公告由演示站点生成：宗地情况取自已公开的真实公告，时间与规则仅供演示，"
    yield "不构成任何出让要约。"
    yield ""
    yield "一、宗地情况"
    yield f"编号：{parcel['parcel_no']}"
    yield f"坐落：{parcel['title']}"
    yield f"面积：{_area(parcel['area_centi_m2'])} 平方米"
    if parcel.get("floor_area_centi_m2"):
        yield f"计容建筑面积：{_area(parcel['floor_area_centi_m2'])} 平方米"
    yield f"用途：{parcel['land_use']}"
    yield f"出让年期：{parcel['term_years']} 年"
    yield from (f"{name}：{value}" for name, value in parcel.get("facts", {}).items())
    yield ""
    yield "二、价款与保证金"
    yield f"起始价：{_sum(rules['starting_price_fen'])}"
    yield f"增价幅度：{_sum(rules['increment_fen'])}"
    yield from (f"竞买保证金（{name}）：{_sum(fen)}" for name, fen in rules["deposit"].items())
    yield "底价：" + ("公告不设底价" if rules["reserve"] == "NONE" else "密封，竞价结束后开启")
    yield ""
    yield "三、时间安排（北京时间）"
    times = draft["timetable"]
    yield from (f"{word}：{instant(times[name])}" for name, word in _TIMES.items() if name in times)
    yield f"限时竞价倒计时：{rules['countdown_s']} 秒"
    yield ""
    yield "四、说明"
    yield "报价以到达服务器的时间为准，一经受理不可撤回。全部报价及其先后记入公开日志，"
    yield "任何人可以核验。本文件的 SHA-256 已随公告写入日志第 0 条。"


def _area(centi_m2: int) -> str:
    whole, rest = divmod(centi_m2, _PARTS)
    return f"{whole:,}.{rest:02d}"


def _sum(fen: int) -> str:
    return f"{yuan(fen)} 元（大写：{in_capitals(fen)}）"
