"""One sentence for each event, in Chinese and English."""

from service.report.amounts import instant, yuan
from service.report.facts import Entry, Happening
from service.report.words import REASONS, STAGES, SUSPENSIONS, Pair


def tell(happening: Happening, unit: Pair) -> Pair:
    """The event in words; one that is not known here is shown by its name, never left out."""
    event, kind = happening.event, happening.event["type"]
    match kind:
        case "lot_published":
            return "公告发布，底价已封存", "announced, the reserve sealed"
        case "lot_supplemented":
            return f"补充公告第 {event['version']} 号", f"supplement no. {event['version']}"
        case "stage_changed":
            return _stage(event)
        case "bidder_entered":
            return _entered(event)
        case "cap_reached":
            return (
                f"报价达到最高限价 {yuan(event['amount_fen'])} {unit[0]}",
                f"a quote reached the cap of {yuan(event['amount_fen'])} {unit[1]}",
            )
        case "suspended":
            return f"竞价中止（{SUSPENSIONS.get(event['cause'], event['cause'])}）", (
                f"suspended ({event['cause']})"
            )
        case "interrupted":
            return _interrupted(event)
        case "resumed":
            return _resumed(event)
        case "reserve_opened":
            met = event["met"]
            return (
                "底价开启，" + ("已达到" if met else "未达到"),
                "reserve opened, " + ("met" if met else "not met"),
            )
        case "hammer_fell":
            price = yuan(event["amount_fen"])
            return (
                f"落槌：{event['bidder_no']} 号，{price} {unit[0]}",
                f"the hammer fell to {event['bidder_no']} at {price} {unit[1]}",
            )
        case "lot_sold":
            total = yuan(event["total_fen"])
            return f"成交，总价 {total} 元", f"sold, {total} yuan in all"
        case "lot_failed":
            zh, en = REASONS.get(event["reason"], (event["reason"], event["reason"]))
            return f"未成交：{zh}", f"not sold: {en}"
    return _SIMPLE.get(kind, (kind, kind))


_SIMPLE: dict[str, Pair] = {
    "lot_terminated": ("出让活动终止", "the sale was terminated"),
    "result_disputed": (
        "结果待裁定：有在截止前到达的报价",
        "result open: a quote had arrived before the end",
    ),
    "roll_opened": ("竞买人名册公开", "the roll of bidders was opened"),
    "result_confirmed": ("结果确认", "the result was confirmed"),
    "log_sealed": ("日志封存", "the log was sealed"),
}


def _stage(event: Entry) -> Pair:
    zh, en = STAGES.get(event["to"], (event["to"], event["to"]))
    if "closes_at" not in event:
        return f"进入{zh}", f"stage: {en}"
    until = instant(event["closes_at"])
    return f"进入{zh}，截止 {until}", f"stage: {en}, until {until}"


def _entered(event: Entry) -> Pair:
    who = event["bidder_no"]
    if event["join"]:
        return f"{who} 号参加限时竞价", f"{who} enters timed bidding"
    return f"{who} 号不参加限时竞价", f"{who} stays out of timed bidding"


def _interrupted(event: Entry) -> Pair:
    begin, end = instant(event["from"]), instant(event["to"])
    return f"系统中断 {begin} 至 {end}", f"interrupted by an outage from {begin} to {end}"


def _resumed(event: Entry) -> Pair:
    if "closes_at" not in event:
        return "竞价恢复", "resumed"
    until = instant(event["closes_at"])
    return f"竞价恢复，截止 {until}", f"resumed, until {until}"
