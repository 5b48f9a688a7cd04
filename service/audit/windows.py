"""Was the door open? The health series against every window that was closed or interrupted."""

from array import array
from bisect import bisect_right
from itertools import pairwise

from service.audit import canonical
from service.audit.checks import Check
from service.audit.pack import HEALTH, Pack
from service.audit.replay import OutageClaim, Told, WindowClaim


def check_windows(pack: Pack, told: Told, check: Check) -> None:
    """Each close rests on proofs without a gap, each outage on their absence (rules §7)."""
    rows = _read_rows(pack, check)
    for window in told.windows:
        check.counted += 1
        _check_window(window, rows, check)
    for outage in told.outages:
        check.counted += 1
        _check_outage(outage, rows, check)
    if not check.counted:
        check.skip("no window was closed and none was interrupted")


def _read_rows(pack: Pack, check: Check) -> "array[int]":
    """The instants of the series (ms), eight bytes each: ten days are a million rows."""
    rows = array("q")
    for number, line in enumerate(pack.lines(HEALTH), 1):
        try:
            rows.append(_instant(line, rows[-1] if rows else 0))
        except ValueError as error:
            check.fail(f"{HEALTH}, line {number}: {error}")
    return rows


def _instant(line: bytes, least: int) -> int:
    row = canonical.decode(line)
    at, process = row.get("at"), row.get("process")
    if set(row) != {"at", "process"} or type(at) is not int or type(process) is not str:
        raise ValueError("not a row of the health series")
    if at < least:
        raise ValueError(f"{at} is before {least}")
    return at


def _check_window(window: WindowClaim, rows: "array[int]", check: Check) -> None:
    """The entry that opened the window was a durable write too, so the proofs start with it."""
    proved = window.since
    for at in rows[bisect_right(rows, window.since) :]:
        if at - proved > window.gap_ms:
            found = f"nothing from {proved} to {at}"
            check.fail("a window was closed over a gap", window.seq, window.proved_to, found)
            return
        proved = at
        if proved >= window.proved_to:
            return
    if proved < window.proved_to:
        found = f"proved to {proved}"
        check.fail("the proofs end before the window", window.seq, window.proved_to, found)


def _check_outage(outage: OutageClaim, rows: "array[int]", check: Check) -> None:
    """From where the proofs ended, a silence such as the rules do not bear.

    A proof bears the instant at which its write began. One that was under way when the disk stood
    still is committed after the interruption and yet lies inside the gap: so not the whole gap need
    be silent, but more than half of what the rules bear.
    """
    first, end = bisect_right(rows, outage.gap_from), bisect_right(rows, outage.gap_to)
    marks = [outage.gap_from, *rows[first:end], outage.gap_to]
    longest = max(later - earlier for earlier, later in pairwise(marks))
    if outage.gap_to - outage.gap_from <= outage.gap_ms or 2 * longest <= outage.gap_ms:
        silence = f"silence from {outage.gap_from} to {outage.gap_to}"
        detail = "the sale was interrupted though the door was open"
        check.fail(detail, outage.seq, silence, f"no silence longer than {longest} ms")
