"""Check 15: what timestamp authorities say of the heads of a pack."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate

from service.audit import timestamps
from service.audit.archive import PackUnreadable
from service.audit.checks import Check
from service.audit.encodings import read_decimal
from service.audit.heads import Heads
from service.audit.moments import Kind, Moment
from service.audit.notes import Checkpoint
from service.audit.pack import STAMP_SUFFIX, TIMESTAMPS, Pack
from service.audit.replay import Told
from service.audit.timestamps import MAX_TOKEN_BYTES, Stamp

SLACK_MS = 60_000  # how far the clocks of a log and an authority may lie apart

Judge = Callable[[bytes, str], Stamp]


def check_stamps(
    pack: Pack, told: Told, heads: Heads, origin: str, authorities: tuple[bytes, ...], check: Check
) -> None:
    """Every token is of a head of this pack; with authorities given, it is proven and in time."""

    def judge(tsr: bytes, text: str) -> Stamp:
        if not authorities:
            return timestamps.read_about(tsr, text)
        return timestamps.verify_stamp(tsr, text, authorities)

    stamps = dict(_read(pack, heads, origin, judge, check))
    if not authorities:
        count = len(pack.names(TIMESTAMPS))
        check.skip(f"no timestamp authority was given: {count} tokens were not judged")
        return
    for size, stamp in stamps.items():
        _check_date(size, stamp, told, check)
    delays = _delays(told.moments.found, stamps)
    check.say(_remark(told.moments.found, delays))
    closes = [each for each in told.moments.found if each.kind is Kind.CLOSE]
    if told.sealed_seq is not None and closes and closes[-1] not in delays:
        close = closes[-1]
        check.fail("the close bears no timestamp", close.seq, f"one over {close.seq + 1} entries")


def _read(
    pack: Pack, heads: Heads, origin: str, judge: Judge, check: Check
) -> Iterator[tuple[int, Stamp]]:
    """The tokens that are what they must be, in order of name; the others fail the check."""
    for name in pack.names(TIMESTAMPS):
        check.counted += 1
        size = read_decimal(name.removeprefix(TIMESTAMPS).removesuffix(STAMP_SUFFIX))
        head = None if size is None else heads.of_size(size)
        if size is None or head is None:
            check.fail(f"{name} is of no checkpoint of this pack")
            continue
        try:
            text = Checkpoint(origin, size, heads.roots[head]).to_text()
            yield size, judge(pack.read(name, MAX_TOKEN_BYTES), text)
        except PackUnreadable:
            raise  # damage is nobody's lie
        except ValueError as refusal:
            check.fail(f"{name} proves nothing", None, f"a timestamp of {size} entries", refusal)


def _check_date(size: int, stamp: Stamp, told: Told, check: Check) -> None:
    if size > told.entries:
        return  # check 4 names it
    at = told.ats[size - 1]
    if stamp.at_ms < at - SLACK_MS:
        detail = f"an authority had stamped entry {size - 1} before its date"
        check.fail(detail, None, f"at least {at - SLACK_MS}", stamp.at_ms)


def _delays(moments: Sequence[Moment], stamps: dict[int, Stamp]) -> dict[Moment, int]:
    """For each covered moment, how long (ms) until the first token that covers it."""
    sizes = sorted(stamps)
    backwards = accumulate((stamps[size].at_ms for size in reversed(sizes)), min)
    earliest = list(backwards)[::-1]
    places = ((moment, bisect_right(sizes, moment.seq)) for moment in moments)
    return {m: max(0, earliest[place] - m.at) for m, place in places if place < len(sizes)}


def _remark(moments: Sequence[Moment], delays: dict[Moment, int]) -> str:
    words = f"{len(delays)} of {len(moments)} moments are stamped"
    if missing := Counter(each.kind.value for each in moments if each not in delays):
        words += ", not " + ", ".join(f"{count} {kind}" for kind, count in missing.items())
    if delays:
        slowest = max(delays, key=lambda moment: delays[moment])
        words += f"; the longest delay is {delays[slowest] / 1000:.1f} s, at the {slowest.kind}"
    return words
