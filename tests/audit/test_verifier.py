"""Honest sales verify whole; each check looks at what its number says, and at nothing twice."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import log as w
from schemas.rest import CheckResult, VerifyReport
from service.audit import canonical, notes, proofs, verifier
from service.audit.checks import MAX_SHOWN, Check
from service.audit.notes import NoteSignature
from service.audit.pack import PackContents, build, with_manifest
from service.audit.verifier import verify_pack
from service.rules import messages as m
from service.rules.terms import Method, Shortfall, Stage
from tests.audit import sales
from tests.audit.forgers import (
    Entry,
    Files,
    change_house,
    change_receipt,
    find,
    lines,
    repack,
    rewrite,
    rewritten,
    unpack,
    with_lines,
)

SALE = sales.sold_listing()
FILES = unpack(build(SALE, sales.KEY))


def verify(of: PackContents | Files | bytes) -> VerifyReport:
    if isinstance(of, PackContents):
        of = build(of, sales.KEY)
    return verify_pack(of if isinstance(of, bytes) else repack(of), sales.VKEY)


def check(report: VerifyReport, number: int) -> CheckResult:
    assert report.exit_code != 2, report.error
    found = report.checks[number - 1]
    assert found.number == number
    return found


def statuses(report: VerifyReport) -> dict[str, set[int]]:
    named: dict[str, set[int]] = {}
    for each in report.checks:
        named.setdefault(each.status, set()).add(each.number)
    return named


WITHIN = set(range(1, 14))
OUTSIDE = {14, 15}  # need a policy, an authority


# ── honest sales ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("sale", sales.HONEST)
def test_an_honest_sale_holds_in_every_check(sale: Callable[[], PackContents]) -> None:
    report = verify(sale())
    assert report.exit_code == 0
    without_bids = {5, 6} if sale is sales.unwanted else set()
    assert statuses(report)["HELD"] == WITHIN - without_bids
    assert report.log == sale().origin
    assert report.entries == len(sale().entries)
    assert report.root == sale().heads[-1].root.hex()


def test_the_report_names_winner_and_price() -> None:
    report = verify(SALE)
    assert (report.outcome, report.winner_no, report.amount_fen) == ("SOLD", "R8TC", 107_000_000)
    below = verify(sales.below_reserve())
    assert (below.outcome, below.winner_no) == ("FAILED: BELOW_RESERVE", None)
    assert verify(sales.unwanted()).outcome == "FAILED: NO_QUALIFIED_BIDDER"


def test_each_check_tells_how_much_it_looked_at() -> None:
    report = verify(SALE)
    counted = {each.number: each.counted for each in report.checks}
    entries, bids, heads = len(SALE.entries), 10, len(SALE.heads)
    assert counted[1] == len(FILES) - 1
    assert (counted[2], counted[3], counted[8]) == (entries, entries, entries)
    assert counted[4] == heads == entries - 2  # three bids went in one batch
    assert (counted[5], counted[6]) == (bids, bids)
    assert counted[7] == 2  # reserve, any admitted
    assert counted[9] == bids + 3
    assert counted[10] == 5
    assert (counted[11], counted[12], counted[13]) == (1, 1, 2)


def test_an_unfinished_sale_says_what_cannot_be_checked_yet() -> None:
    report = verify(sales.unfinished())
    assert (report.exit_code, report.outcome) == (0, "UNFINISHED: TIMED")
    assert statuses(report)["NOT_APPLICABLE"] == {6, 7, 9, 12} | OUTSIDE
    assert "the roll is not opened" in str(check(report, 6).detail)
    assert "TIMED" in str(check(report, 12).detail)


def test_a_sale_that_ended_and_is_not_sealed_yet_says_so() -> None:
    size = find(SALE.entries, "close_sale") + 1
    cut = replace(SALE, entries=SALE.entries[:size], heads=SALE.heads[: size - 2])
    report = verify(change_house(cut, lambda _: None, keep=born_only))
    assert report.exit_code == 0
    assert check(report, 12).detail == "the log is not sealed yet"
    assert statuses(report)["NOT_APPLICABLE"] == {6, 9} | OUTSIDE
    assert check(report, 7).status == "HELD"  # the reserve is open already


def born_only(entry: Entry) -> bool:
    return bool(entry["command"]["type"] == "lot_born")


def test_too_few_bidders_convert_an_auction_into_a_listing() -> None:
    convert = Shortfall.CONVERT_TO_LISTING
    rules = sales.make_rules(method=Method.AUCTION, min_bidders=3, on_shortfall=convert)
    sale = sales.Sale("hj-2017-30", rules, sales.auction_times())
    one, two = sale.admit("7KQ2"), sale.admit("M4X9")
    sale.start_auction(2)
    sale.bid(one, sales.START_FEN)
    sale.leave(Stage.LISTING)
    sale.raise_by(two)
    sale.leave(Stage.TIMED)
    sale.close()
    sale.finish()
    assert verify(sale.contents()).exit_code == 0


def test_a_terminated_sale_verifies() -> None:
    sale, one, _, _ = sales.listing("hj-2017-31")
    sale.bid(one, sales.START_FEN)
    cause = m.SuspendCause.TITLE_DISPUTE
    sale.do(m.Terminate(cause=cause, text="权属争议", officials=sales.OFFICIALS))
    sale.finish()
    report = verify(sale.contents())
    assert (report.exit_code, report.outcome) == (0, "FAILED: TERMINATED")
    assert check(report, 13).status == "NOT_APPLICABLE"


def test_a_winner_who_is_not_qualified_wins_nothing() -> None:
    sale, one, _, _ = sales.listing("hj-2017-32")
    sale.bid(one, sales.START_FEN)
    sale.leave(Stage.LISTING)
    sale.leave(Stage.TIMED)
    sale.close()
    sale.do(m.ConfirmResult(outcome=m.Confirmation.UNQUALIFIED, officials=sales.OFFICIALS))
    sale.finish()
    report = verify(sale.contents())
    assert (report.exit_code, report.outcome) == (0, "FAILED: WINNER_UNQUALIFIED")
    assert report.winner_no is None


def test_a_bidder_may_have_two_keys_under_one_identity() -> None:
    sale, one, _, _ = sales.listing("hj-2017-33")
    phone = sale.admit(one.number)
    same = sale.roll[0].identity_commitment
    sale.roll[-1] = replace(sale.roll[-1], identity_commitment=same)
    sale.house[-1] = rewrite(
        sale.house[-1], lambda e: e["command"].update(identity_commitment=same)
    )
    sale.bid(phone, sales.START_FEN)
    sale.leave(Stage.LISTING)
    sale.leave(Stage.TIMED)
    sale.close()
    sale.finish()
    assert verify(sale.contents()).exit_code == 0


def test_a_sale_whose_only_bidder_was_revoked_has_no_qualified_bidder() -> None:
    sale = sales.Sale("hj-2017-34", sales.make_rules(), sales.listing_times())
    only = sale.admit("7KQ2")
    sale.leave(Stage.ANNOUNCED)
    sale.record(w.RevokeAdmission(lot_id=sale.lot_id, bidder_no=only.number, reason="DEFAULTED"))
    for stage in (Stage.LISTING, Stage.TIMED):
        sale.leave(stage)
    sale.do(m.OpenReserve(has_reserve=False, amount_fen=0, salt=sale.salt))
    sale.do(m.CloseSale(any_admitted=False))
    sale.finish()
    report = verify(sale.contents())
    assert (report.exit_code, report.outcome) == (0, "FAILED: NO_QUALIFIED_BIDDER")


@pytest.mark.parametrize(("later_ms", "held"), [(900, True), (1_100, False)])
def test_nobody_is_refused_first_and_revoked_later(later_ms: int, held: bool) -> None:
    """An operator could shut a bidder out of the last minute and make up the reason afterwards."""
    sale, one, two, three = sales.listing("hj-2017-35")
    sale.bid(one, sales.START_FEN)
    sale.bid(three, sales.START_FEN + sales.STEP_FEN, admission=None)
    sale.wait(later_ms)
    sale.record(w.RevokeAdmission(lot_id=sale.lot_id, bidder_no=three.number, reason="DEFAULTED"))
    sale.bid(two, sales.START_FEN + sales.STEP_FEN)
    sale.leave(Stage.LISTING)
    sale.leave(Stage.TIMED)
    sale.close()
    sale.finish()
    report = verify(sale.contents())
    failed = [check.number for check in report.checks if check.status == "FAILED"]
    assert failed == ([] if held else [9])


def test_a_revocation_after_the_close_leaves_nobody_without_a_chance() -> None:
    sale = sales.Sale("hj-2017-36", sales.make_rules(), sales.listing_times())
    only = sale.admit("7KQ2")
    for stage in (Stage.ANNOUNCED, Stage.LISTING, Stage.TIMED):
        sale.leave(stage)
    sale.do(m.OpenReserve(has_reserve=False, amount_fen=0, salt=sale.salt))
    sale.do(m.CloseSale(any_admitted=False))
    sale.wait(2_000)
    sale.record(w.RevokeAdmission(lot_id=sale.lot_id, bidder_no=only.number, reason="DEFAULTED"))
    sale.finish()
    report = verify(sale.contents())
    assert [check.number for check in report.checks if check.status == "FAILED"] == [7]


def test_an_automatic_resume_and_a_late_proof_are_no_contradiction() -> None:
    """Another process came back a moment before the outage was written: the silence was real."""
    sale = sales.interrupted()
    gap = json.loads(sale.entries[find(sale.entries, "interrupt")])["command"]
    late = sales.HealthRow(gap["to"] - 3, "room-2")
    rows = sorted((*sale.health, late), key=lambda row: row.at)
    assert verify(replace(sale, health=rows)).exit_code == 0


def test_a_proof_that_was_under_way_when_the_disk_stood_still_is_no_contradiction() -> None:
    """It bears the instant at which its write began and is committed after the interruption."""
    sale = sales.interrupted()
    gap = json.loads(sale.entries[find(sale.entries, "interrupt")])["command"]
    stuck = sales.HealthRow(gap["from"] + 1_000, "room-1")
    rows = sorted((*sale.health, stuck), key=lambda row: row.at)
    assert verify(replace(sale, health=rows)).exit_code == 0


# ── 1 ───────────────────────────────────────────────────────────────────────────────────────


def manifest(change: Callable[[dict[str, Any]], None]) -> bytes:
    listed = json.loads(FILES["manifest.json"])
    change(listed)
    return canonical.encode(listed)


@pytest.mark.parametrize(
    ("raw", "detail"),
    [
        (b"", "part at"),
        (b"[]", "part at"),
        (b"\xff" * 40, "part at"),
        (FILES["manifest.json"] + b"\n", "not in canonical form"),
        (FILES["manifest.json"].replace(b'":{"sha', b'": {"sha', 1), "part at"),
        (FILES["manifest.json"].replace(b'"v":1', b'"v":2'), "not in canonical form"),
        (FILES["manifest.json"].replace(b'},"log"', b' },"log"'), "not in canonical form"),
        (manifest(lambda x: x["files"].pop("health.jsonl")), "part at health.jsonl"),
        (
            manifest(lambda x: x["files"].update(none={"sha256": "ab" * 32, "size": 1})),
            "part at receipts/",
        ),
        (manifest(lambda x: x["files"]["health.jsonl"].update(size=1)), "the manifest says 1"),
        (manifest(lambda x: x["files"]["log.jsonl"].update(sha256="ab" * 32)), "log.jsonl is not"),
        (manifest(lambda x: x.update(log="auction.example.cn/lot/x")), "names no log"),
        (manifest(lambda x: x.update(more=1)), "not in canonical form"),
    ],
)
def test_a_manifest_that_differs_from_the_files_is_named(raw: bytes, detail: str) -> None:
    report = verify(repack({**FILES, "manifest.json": raw}, manifest=False))
    assert statuses(report)["FAILED"] == {1}
    assert detail in str(check(report, 1).detail)


def test_a_pack_that_names_no_log_anywhere_cannot_be_read() -> None:
    broken = {**FILES, "manifest.json": b"{}", "log.jsonl": b"{}\n"}
    report = verify(repack(broken, manifest=False))
    assert report.exit_code == 2
    assert "the name of the log" in str(report.error)


def test_files_of_the_specification_that_no_check_opens_are_held_by_the_manifest() -> None:
    more = {"report.pdf": b"%PDF", "sessions.jsonl": b"{}", "views.jsonl": b""}
    assert verify({**FILES, **more}).exit_code == 0
    listed = repack({**FILES, **more})
    swapped = {**unpack(listed), "report.pdf": b"%PDG"}
    report = verify(repack(swapped, manifest=False))
    assert check(report, 1).detail == "report.pdf is not the file of the manifest"


# ── 2, 3 ────────────────────────────────────────────────────────────────────────────────────


def test_an_entry_that_cannot_be_read_is_named_with_its_seq() -> None:
    entries = lines(FILES)
    entries[4] = b"\xff\xfe"
    report = verify(with_lines(FILES, entries))
    assert check(report, 2).first_seq == 4
    assert "NOT_UTF8" in str(check(report, 2).detail)
    assert check(report, 8).first_seq == 4


def test_the_first_entry_that_differs_is_the_one_reported() -> None:
    entries = lines(FILES)
    for seq in (11, 9):
        entries[seq] = rewrite(entries[seq], lambda e: e.update(at=e["at"] + 1))
    assert check(verify(with_lines(FILES, entries)), 8).first_seq == 9


@pytest.mark.parametrize(
    "change",
    [
        lambda e: e.update(extra=1),
        lambda e: e.pop("v"),
        lambda e: e["command"].pop("type"),
        lambda e: e["command"].update(amount_fen="100"),
        lambda e: e["command"].update(amount_fen=True),
        lambda e: e["command"].update(bidder_no="7kq2"),
        lambda e: e["events"].append({"type": "lot_given_away"}),
        lambda e: e.update(v=2),
    ],
)
def test_an_entry_outside_the_schema_is_named(change: Callable[[Entry], None]) -> None:
    entries = list(SALE.entries)
    seq = find(entries, "bid_accepted")
    entries[seq] = rewrite(entries[seq], change)
    report = verify(with_lines(FILES, entries))
    assert check(report, 2).first_seq == seq
    assert "errors.pydantic" not in str(check(report, 2).detail)


def test_places_names_and_times_are_looked_at_each_by_itself() -> None:
    for change, detail in (
        ({"seq": 99}, "an entry names another place"),
        ({"log": "auction.example.cn/lot/other"}, "an entry names another log"),
        ({"at": 5}, "time runs backwards"),
    ):
        entries = list(SALE.entries)
        entries[3] = rewrite(entries[3], lambda e, change=change: e.update(change))
        named = check(verify(rewritten_files(entries)), 3)
        assert (named.first_seq, named.detail) == (3, detail)


def rewritten_files(entries: list[bytes]) -> PackContents:
    return rewritten(SALE, entries)


def test_an_empty_log_is_named() -> None:
    report = verify({**FILES, "log.jsonl": b"", "checkpoints.txt": b""})
    assert {2, 3, 4, 8} <= statuses(report)["FAILED"]


# ── 4 ───────────────────────────────────────────────────────────────────────────────────────


def test_checkpoints_are_spelled_in_one_way() -> None:
    text = FILES["checkpoints.txt"]
    for other in (text + b"\n", b"\n" + text, text.replace(b"\n\n", b"\n\n\n", 2), b"\xff" + text):
        assert 4 in statuses(verify({**FILES, "checkpoints.txt": other}))["FAILED"]


def test_cosignatures_of_unknown_keys_change_nothing() -> None:
    stranger = NoteSignature("witness.example.org", b"\x01\x02\x03\x04", bytes(72)).to_line()
    text = FILES["checkpoints.txt"].decode()
    cosigned = text + stranger
    assert verify({**FILES, "checkpoints.txt": cosigned.encode()}).exit_code == 0
    seq = find(SALE.entries, "bid_accepted")
    receipt = change_receipt(FILES, seq, lambda r: replace(r, checkpoint=r.checkpoint + stranger))
    assert verify(receipt).exit_code == 0


def test_expected_and_found_roots_are_shown() -> None:
    entries = list(SALE.entries)
    entries[1] = rewrite(entries[1], lambda e: e.update(at=e["at"] + 1))
    named = check(verify(with_lines(FILES, entries)), 4)
    assert named.expected == SALE.heads[1].root.hex()
    assert re.fullmatch("[0-9a-f]{64}", str(named.found))


# ── 5, 6 ────────────────────────────────────────────────────────────────────────────────────


def test_a_receipt_for_a_bid_that_was_never_decided_is_named() -> None:
    name = next(name for name in FILES if name.startswith("receipts/"))
    more = {**FILES, "receipts/00000000-0000-4000-8000-000000000000.tlog-proof": FILES[name]}
    assert "that the log does not hold" in str(check(verify(more), 5).detail)


def test_a_receipt_that_is_no_receipt_is_named() -> None:
    name = next(name for name in FILES if name.startswith("receipts/"))
    for raw in (b"", b"\xff\xff", b"c2sp.org/tlog-proof@v1\n", FILES["house/1.tlog-proof"]):
        assert statuses(verify({**FILES, name: raw}))["FAILED"] == {5}


def test_a_bid_cannot_have_been_seen_before_it_was_made() -> None:
    sale, one, two, _ = sales.listing("hj-2017-40")
    sale.bid(one, sales.START_FEN)
    sale.bid(two, sales.START_FEN + sales.STEP_FEN, seen_seq=99)
    sale.leave(Stage.LISTING)
    sale.leave(Stage.TIMED)
    sale.close()
    sale.finish()
    named = check(verify(sale.contents()), 6)
    assert (named.status, named.first_seq, named.found) == ("FAILED", 3, "99")


# ── 7 to 11 ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "change",
    [
        lambda e: e["command"].update(lot_id="hj-2017-99"),
        lambda e: e.update(log="auction.example.cn/lot/hj-2017-07"),
        lambda e: e.update(seq=7),
        lambda e: e.update(extra=1),
    ],
)
def test_a_house_entry_that_is_not_what_it_should_be_is_named(
    change: Callable[[Entry], None],
) -> None:
    def change_birth(entry: Entry) -> None:
        if entry["command"]["type"] == "lot_born":
            change(entry)

    assert statuses(verify(change_house(SALE, change_birth)))["FAILED"] == {10}


def test_a_lot_is_born_once() -> None:
    def born_again(entry: Entry) -> None:
        if entry["command"]["type"] == "lot_sealed":
            leaf = json.loads(SALE.house[0].entry)["command"]["leaf_hash"]
            entry["command"] = {
                "type": "lot_born",
                "lot_id": "hj-2017-07",
                "leaf_hash": leaf,
            }

    named = check(verify(change_house(SALE, born_again)), 10)
    assert (named.expected, named.found) == ("1", "2")


def test_a_roll_key_that_no_one_can_load_is_named() -> None:
    entries = list(SALE.entries)
    seq = find(entries, "open_roll")
    bad = rewrite(entries[seq], lambda e: e["command"]["roll"][0].update(public_key="00" * 91))
    report = verify(rewritten(SALE, [*entries[:seq], bad, *entries[seq + 1 :]]))
    assert statuses(report)["FAILED"] == {6, 9}


def like_numbers(sale: sales.Sale) -> None:
    sale.admit("7KQ3")


def key_of_another_name(sale: sales.Sale) -> None:
    sale.admit("WXYZ")
    name = "0123456789abcdef"
    sale.roll[-1] = replace(sale.roll[-1], key_id=name)
    sale.house[-1] = rewrite(sale.house[-1], lambda e: e["command"].update(key_id=name))


def key_twice(sale: sales.Sale) -> None:
    admission = len(sale.house)
    sale.house.append(rewrite(sale.house[-1], lambda e: e.update(seq=admission)))
    sale.roll.append(replace(sale.roll[-1], admission=admission))


def two_identities(sale: sales.Sale) -> None:
    sale.admit("7KQ2")


@pytest.mark.parametrize(
    ("admit", "detail"),
    [
        (like_numbers, "two bidder numbers differ in one place only"),
        (key_of_another_name, "key_id is not that of the public key"),
        (key_twice, "a key stands twice on the roll"),
        (two_identities, "one bidder number stands for two identities"),
    ],
)
def test_a_roll_on_which_the_house_agrees_is_judged_by_itself(
    admit: Callable[[sales.Sale], None], detail: str
) -> None:
    sale = sales.Sale("hj-2017-41", sales.make_rules(), sales.listing_times())
    sale.admit("7KQ2")
    admit(sale)
    for stage in (Stage.ANNOUNCED, Stage.LISTING, Stage.TIMED):
        sale.leave(stage)
    sale.close()
    sale.finish()
    report = verify(sale.contents())
    assert statuses(report)["FAILED"] == {9}
    assert detail in str(check(report, 9).detail)


def test_announced_documents_may_be_missing_and_are_counted() -> None:
    report = verify(replace(SALE, documents={}))
    assert report.exit_code == 0
    assert check(report, 11).detail == "0 of 1 announced documents are in the pack"


def test_a_document_is_named_by_its_hash() -> None:
    report = verify(replace(SALE, documents={sha256(b"x").hexdigest(): b"y"}))
    assert statuses(report)["FAILED"] == {11}


# ── 13 ──────────────────────────────────────────────────────────────────────────────────────


def test_a_pause_as_long_as_the_rules_bear_is_no_gap() -> None:
    """outage_gap_s is 5: five seconds of silence are borne, one millisecond more is a gap."""
    closed = json.loads(SALE.entries[find(SALE.entries, "advance", -1)])["command"]["proved_to"]
    for silence, verdict in ((5_000, "HELD"), (5_001, "FAILED")):
        before = [row for row in SALE.health if row.at < closed - 8_000]
        after = [row for row in SALE.health if row.at >= closed]
        begin = before[-1].at
        bridge = [sales.HealthRow(begin + silence, "room-1")]
        while bridge[-1].at + 1_000 < after[0].at:
            bridge.append(sales.HealthRow(bridge[-1].at + 1_000, "room-1"))
        report = verify(replace(SALE, health=(*before, *bridge, *after)))
        assert check(report, 13).status == verdict


@pytest.mark.parametrize(
    "row",
    [
        *(b"{}", b"[]", b'{"at":1}', b'{"at":"1","process":"x"}', b'{"at":true,"process":"x"}'),
        *(b'{"at":1.0,"process":"x"}', b'{"at":1,"process":"x"}', b"\xff", b""),
    ],
)
def test_a_row_that_is_no_proof_is_named(row: bytes) -> None:
    changed = FILES["health.jsonl"] + row + b"\n"
    assert statuses(verify({**FILES, "health.jsonl": changed}))["FAILED"] == {13}


def test_a_pack_without_a_health_series_cannot_show_that_the_door_was_open() -> None:
    files = {name: data for name, data in FILES.items() if name != "health.jsonl"}
    assert statuses(verify(files))["FAILED"] == {13}


# ── the report ──────────────────────────────────────────────────────────────────────────────


def test_the_docstring_numbers_every_check() -> None:
    assert verifier.__doc__ is not None
    numbers = re.findall(r"^ ?(\d+)\. ", verifier.__doc__, re.MULTILINE)
    assert [int(number) for number in numbers] == sorted(WITHIN | OUTSIDE)
    assert len(verifier.NAMES) == len(WITHIN | OUTSIDE)


def test_what_a_report_quotes_is_bounded() -> None:
    tally = Check(1, "pack and manifest")
    tally.fail("x" * 5_000, expected="y" * 5_000, found=b"\x00" * 5_000)
    result = tally.result()
    for quoted in (result.detail, result.expected, result.found):
        assert quoted is not None
        assert len(quoted) == MAX_SHOWN


def test_the_report_is_plain_json() -> None:
    report = verify(SALE)
    again = VerifyReport.model_validate_json(report.model_dump_json(exclude_none=True))
    assert again == report


# ── a hostile log under a good key brings nothing down ──────────────────────────────────────

Path_ = tuple[str | int, ...]


def paths(value: Any, before: Path_ = ()) -> list[Path_]:
    if isinstance(value, dict):
        return [p for key, member in value.items() for p in paths(member, (*before, key))]
    if isinstance(value, list):
        return [p for at, member in enumerate(value) for p in paths(member, (*before, at))]
    return [before]


def put(value: Any, path: Path_, new: Any) -> None:
    for step in path[:-1]:
        value = value[step]
    value[path[-1]] = new


STORIES = [sales.sold_listing(), sales.sold_auction(), sales.suspended(), sales.interrupted()]
VALUES = st.one_of(
    st.sampled_from([0, 1, -1, 2**53 - 1, True, False, "", "NONE", "AUCTION", "QUIET", "TIMED"]),
    st.integers(-(2**53) + 1, 2**53 - 1),
    st.text(max_size=8),
)


@settings(max_examples=400, deadline=None)
@given(st.data(), st.sampled_from(STORIES), VALUES)
def test_any_field_of_any_entry_may_lie_and_the_verifier_still_answers(
    data: st.DataObject, sale: PackContents, value: Any
) -> None:
    seq = data.draw(st.integers(0, len(sale.entries) - 1))
    entry = json.loads(sale.entries[seq])
    put(entry, data.draw(st.sampled_from(paths(entry))), value)
    try:
        raw = canonical.encode(entry)
    except canonical.NotCanonical:
        return
    lied = [*sale.entries[:seq], raw, *sale.entries[seq + 1 :]]
    files = unpack(build(sale, sales.KEY))
    report = verify(with_lines(files, lied))
    assert report.exit_code == (0 if raw == sale.entries[seq] else 1)
    # Signed again as a whole, some lies are consistent; none may raise.
    forged = unpack(build(replace(rewritten(sale, lied), entries=sale.entries), sales.KEY))
    assert verify(with_lines(forged, lied)).exit_code in (0, 1)


def test_receipts_and_notes_are_those_of_the_specification() -> None:
    name = next(name for name in FILES if name.startswith("receipts/"))
    parsed = proofs.parse(FILES[name].decode())
    opened = notes.open_checkpoint(parsed.checkpoint, sales.KEY.verifying, SALE.origin)
    assert opened.size > parsed.index
    assert next(with_manifest(SALE.origin, []))[1] == (
        b'{"files":{},"log":"auction.example.cn/lot/hj-2017-07","v":1}'
    )
