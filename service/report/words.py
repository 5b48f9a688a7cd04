"""The report's words in Chinese and English, by the names that stand in the log."""

from collections.abc import Mapping

Pair = tuple[str, str]

REASONS: Mapping[str, Pair] = {
    "SUSPENDED": ("竞价已暂停", "bidding was suspended"),
    "NOT_OPEN": ("尚未开放报价", "bidding was not open"),
    "CLOSED": ("已截止", "bidding had closed"),
    "NOT_ADMITTED": ("未取得竞买资格", "not admitted"),
    "NOT_ENTERED": ("未参加限时竞价", "had not entered timed bidding"),
    "ALREADY_LEADING": ("已领先", "was leading already"),
    "BELOW_START": ("低于起始价", "below the starting price"),
    "BELOW_MINIMUM": ("低于最低价", "below the minimum"),
    "OFF_GRID": ("不符合增价幅度", "off the increment"),
    "JUMP_TOO_LARGE": ("超过单次加价上限", "above the largest jump"),
    "JUMP_NOT_CONFIRMED": ("大幅加价未经确认", "large jump not confirmed"),
    "ABOVE_CAP": ("超过最高限价", "above the price cap"),
    "NO_QUALIFIED_BIDDER": ("无合格竞买人", "no qualified bidder"),
    "NO_QUOTE": ("无人报价", "no quote"),
    "BELOW_RESERVE": ("未达到底价", "below the reserve"),
    "TOO_FEW_BIDDERS": ("竞买人不足", "too few bidders"),
    "WINNER_UNQUALIFIED": ("竞得人不合格", "winner not qualified"),
    "TERMINATED": ("出让活动终止", "sale terminated"),
}

STAGES: Mapping[str, Pair] = {
    "ANNOUNCED": ("公告期", "announced"),
    "LISTING": ("挂牌报价期", "listing"),
    "QUIET": ("静默期", "quiet"),
    "READY": ("准备期", "ready"),
    "TIMED": ("限时竞价", "timed bidding"),
    "CLOSING": ("待确认", "closing"),
    "SOLD": ("成交", "sold"),
    "FAILED": ("未成交", "not sold"),
}

METHODS: Mapping[str, Pair] = {"LISTING": ("挂牌", "listing"), "AUCTION": ("拍卖", "auction")}

UNITS: Mapping[str, Pair] = {
    "TOTAL": ("元", "yuan"),
    "PER_MU": ("元/亩", "yuan per mu"),
    "PER_M2": ("元/平方米", "yuan per m²"),
    "PER_FLOOR_M2": ("元/平方米（楼面）", "yuan per m² of floor"),
}

SUSPENSIONS: Mapping[str, str] = {
    "PLATFORM_FAULT": "平台故障",
    "COURT_ORDER": "法院裁定",
    "TITLE_DISPUTE": "权属争议",
    "COLLUSION_SUSPECTED": "涉嫌串通",
    "POLICY_CHANGE": "政策调整",
    "RESULT_DISPUTED": "结果待裁定",
    "OUTAGE": "报价通道中断",
    "CLOCK_STEP": "时钟异常",
    "CUT_OFF": "平台线路中断",
    "OTHER": "其他原因",
}

CHECKS: Mapping[str, str] = {
    "pack and manifest": "文件清单",
    "entries": "日志条目",
    "order": "次序",
    "tree and checkpoints": "默克尔树与树头",
    "receipts": "回执",
    "bidders' signatures": "竞买人签名",
    "commitments": "封存承诺",
    "decisions": "规则重算",
    "roll": "竞买人名册",
    "house log": "机构日志",
    "documents": "公告文件",
    "result": "结果",
    "health": "报价通道健康记录",
    "witnesses": "见证",
    "timestamps": "时间戳",
}

STATUSES: Mapping[str, Pair] = {
    "HELD": ("通过", "holds"),
    "FAILED": ("不通过", "FAILS"),
    "NOT_APPLICABLE": ("不适用", "not applicable"),
}

LABELS: Mapping[str, Pair] = {
    "title": ("土地使用权网上交易报告", "Report of an online land sale"),
    "lot": ("标的", "Lot"),
    "log": ("日志", "Log"),
    "parcel": ("宗地", "Parcel"),
    "use": ("土地用途与年限", "Use and term"),
    "years": ("年", "years"),
    "area": ("面积", "Area"),
    "method": ("出让方式", "Method"),
    "start": ("起始价", "Starting price"),
    "step": ("增价幅度", "Increment"),
    "reserve": ("底价", "Reserve"),
    "no_reserve": ("无底价", "none"),
    "still_sealed": ("尚未开启", "still sealed"),
    "outcome": ("结果", "Outcome"),
    "unfinished": ("尚未结束", "not over"),
    "winner": ("竞得人竞买号", "Winner's number"),
    "price": ("落槌价", "Hammer price"),
    "total": ("成交总价", "Total price"),
    "premium": ("溢价率", "Premium over the start"),
    "bids": ("报价次数", "Bids"),
    "accepted": ("受理", "accepted"),
    "refused": ("不予受理", "refused"),
    "entries": ("日志条目数", "Log entries"),
    "curve": ("价格走势", "The price"),
    "checks": ("核验结果", "The checks and their results"),
    "held": ("全部核验通过", "Every check holds"),
    "broken": ("核验不通过", "A check fails"),
    "number": ("序号", "No."),
    "check": ("核验项", "Check"),
    "result": ("结果", "Result"),
    "counted": ("数量", "Counted"),
    "remark": ("说明", "Remark"),
    "timeline": ("过程", "What happened"),
    "time": ("时间（北京时间）", "Time (Beijing)"),
    "event": ("事项", "Event"),
    "windows": ("给予的报价时间", "The windows given"),
    "opened": ("开始", "From"),
    "closed": ("截止", "To"),
    "length": ("时长", "Length"),
    "after": ("原因", "Because of"),
    "extensions": ("延时次数", "Extensions"),
    "health": ("报价通道健康记录", "Was the door open?"),
    "proofs": ("证明次数", "Proofs"),
    "silence": ("最长间隔", "Longest silence"),
    "gap_limit": ("允许间隔", "Allowed silence"),
    "heads": ("树头", "Tree heads"),
    "lot_head": ("本标的日志最终树头", "The lot log's last head"),
    "house_head": ("机构日志树头", "The house log's head"),
    "witnesses": ("见证签名", "Cosignatures of witnesses"),
    "stamps": ("时间戳", "Timestamps"),
    "stamped_heads": ("已加盖的树头规模", "Stamped head sizes"),
    "none": ("无", "none"),
    "how": ("自行核验", "Check it yourself"),
    "how_text": (
        "本报告由日志自动生成，供人阅读；作证的是证据包中的 log.jsonl、树头、回执和签名。"
        "任何人可用公布的公钥离线核验整个证据包：",
        "This report is drawn from the log, for people to read. What convicts are log.jsonl, the "
        "heads, the receipts and the signatures in the pack. Anyone can check the whole pack "
        "offline with the published key:",
    ),
    "every_bid": ("全部报价", "Every bid"),
    "bidder": ("竞买号", "Bidder"),
    "amount": ("报价", "Amount"),
    "outcome_bid": ("处理", "Decision"),
    "closes": ("截止时间", "Closes at"),
    "arrived": ("到达", "Arrived"),
    "cut": (
        "报价过多，此处仅列出已受理的最后若干次；全部报价见 log.jsonl",
        "Too many bids for paper: the latest accepted ones stand here, all of them in log.jsonl",
    ),
    "page": ("页", "page"),
    "escaped": (
        "方括号中的编码代表字体中没有的字",
        "A code in brackets stands for a character that the font lacks",
    ),
}

CAUSES: Mapping[str, Pair] = {
    "opening": ("开始", "opening"),
    "resumption": ("恢复", "resumption"),
    "extension": ("报价延时", "extension by a bid"),
}
