"""Checks 14 and 15: what witnesses and timestamp authorities say of a pack."""

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.rest import CheckResult, VerifyReport
from service.audit import notes, timestamps
from service.audit.moments import INTERVAL_MS, Kind
from service.audit.notes import Checkpoint, SigningKey, VerifyingKey, house_origin
from service.audit.pack import Head, PackContents, build
from service.audit.verifier import verify_files, verify_pack
from service.rules.terms import Stage
from tests.audit import sales
from tests.audit.authority import Authority
from tests.audit.forgers import Files, find, repack, unpack
from tests.audit.test_tampering import UNSHOWN

SALE = sales.sold_listing()
SEEN = sales.witnessed(SALE)
SEALED = len(SALE.entries)
TWO = {name: sales.WITNESSES[name] for name in ("notary", "supervisor")}
ONE = {"notary": sales.WITNESSES["notary"]}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tsa"))


@pytest.fixture(scope="module")
def stamped(authority: Authority) -> PackContents:
    return sales.stamped(SALE, authority)


def judge(
    of: PackContents | Files, policy: str | None = sales.POLICY, *tsa: bytes
) -> tuple[CheckResult, CheckResult]:
    """Checks 14 and 15; no other may fail."""
    raw = build(of, sales.KEY) if isinstance(of, PackContents) else repack(of)
    report = verify_pack(raw, sales.VKEY, policy, tsa)
    assert report.exit_code != 2, report.error
    assert [check.number for check in report.checks] == list(range(1, 16))
    assert not [check for check in report.checks[:13] if check.status == "FAILED"]
    failed = any(check.status == "FAILED" for check in report.checks)
    assert report.exit_code == int(failed)
    return report.checks[13], report.checks[14]


def witnesses(of: PackContents | Files, policy: str | None = sales.POLICY) -> CheckResult:
    return judge(of, policy)[0]


def stamps(of: PackContents | Files, *tsa: bytes) -> CheckResult:
    return judge(of, None, *tsa)[1]


# ── honest sales ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("sale", [*sales.HONEST, sales.unfinished])
def test_an_honest_sale_that_was_seen_and_stamped_holds(
    sale: Callable[[], PackContents], authority: Authority
) -> None:
    contents = sales.stamped(sales.witnessed(sale()), authority)
    seen, stamp = judge(contents, sales.POLICY, authority.ca)
    assert (seen.status, stamp.status) == ("HELD", "HELD")
    size = len(contents.entries)
    assert seen.detail == f"the quorum covers {size} of {size} entries"
    assert seen.counted == 3 * (len(contents.heads) + 1)
    moments = sales.moments(contents)
    assert stamp.counted == len(contents.timestamps)
    assert str(stamp.detail).startswith(f"{len(moments)} of {len(moments)} moments are stamped; ")
    assert "0.7 s" in str(stamp.detail)


def test_without_policy_and_authority_neither_is_judged(stamped: PackContents) -> None:
    seen, stamp = judge(replace(stamped, cosignatures=SEEN.cosignatures), None)
    assert (seen.status, stamp.status) == ("NOT_APPLICABLE", "NOT_APPLICABLE")
    assert "no policy was given" in str(seen.detail)
    assert "3 tokens were not judged" in str(stamp.detail)


def test_what_others_say_changes_no_other_check_and_no_receipt(stamped: PackContents) -> None:
    bare, full = unpack(build(SALE, sales.KEY)), unpack(build(SEEN, sales.KEY))
    assert {n: d for n, d in bare.items() if n.startswith("receipts/")} == {
        n: d for n, d in full.items() if n.startswith("receipts/")
    }
    for contents in (SALE, SEEN, stamped):
        report = verify_pack(build(contents, sales.KEY), sales.VKEY)
        assert (report.exit_code, report.checks[4].counted) == (0, 10)


def test_the_same_contents_still_give_the_same_bytes(stamped: PackContents) -> None:
    full = replace(stamped, cosignatures=SEEN.cosignatures, sessions=(b"{}",), report=b"%PDF")
    assert build(full, sales.KEY) == build(full, sales.KEY)
    names = list(unpack(build(full, sales.KEY)))
    assert names[:-1] == sorted(names[:-1])
    assert {"report.pdf", "sessions.jsonl", f"timestamps/{SEALED}.tsr"} < set(names)
    assert "views.jsonl" not in names


def test_lines_are_kept_verbatim_after_the_logs_own_in_order_of_name() -> None:
    text = unpack(build(SEEN, sales.KEY))["checkpoints.txt"].decode()
    note = text.split("\n\n")[-1].splitlines()
    assert [line.split()[1].partition("/")[0] for line in note] == [
        *("auction.example.cn", "association.example.cn", "notary.example.cn"),
        "supervisor.example.cn",
    ]
    assert [f"{line}\n" for line in note[1:]] == list(SEEN.cosignatures[SEALED])


def test_what_was_read_after_the_heads_is_left_out(stamped: PackContents) -> None:
    late = SEALED + 1
    more = replace(
        SEEN,
        cosignatures={**SEEN.cosignatures, late: SEEN.cosignatures[SEALED]},
        timestamps={**stamped.timestamps, late: b"anything"},
    )
    files = unpack(build(more, sales.KEY))
    assert f"timestamps/{late}.tsr" not in files
    assert witnesses(more).status == "HELD"


# ── 14 ──────────────────────────────────────────────────────────────────────────────────────


def test_two_of_three_are_enough_and_one_is_not() -> None:
    assert witnesses(sales.witnessed(SALE, TWO)).status == "HELD"
    lonely = witnesses(sales.witnessed(SALE, ONE))
    assert (lonely.status, lonely.detail) == ("FAILED", "the log is sealed without its quorum")
    assert (lonely.expected, lonely.found) == ("quorum two-of-three", "notary")


def test_a_sealed_log_that_nobody_saw_fails_and_one_that_is_not_sealed_holds() -> None:
    unseen = witnesses(SALE)
    assert (unseen.status, unseen.found) == ("FAILED", "no known witness")
    running = witnesses(sales.unfinished())
    size = len(sales.unfinished().entries)
    assert (running.status, running.counted) == ("HELD", 0)
    assert running.detail == f"the quorum covers 0 of {size} entries"


def test_a_witness_who_stopped_halfway_leaves_the_rest_uncovered() -> None:
    early = [head.size for head in SALE.heads if head.size <= 9]
    both = {**sales.witnessed(SALE, ONE).cosignatures}
    both.update(sales.witnessed(SALE, TWO, heads=early).cosignatures)
    seen = witnesses(replace(SEEN, cosignatures=both))
    assert seen.detail == "the log is sealed without its quorum"
    third, size = sales.unfinished().heads[2].size, len(sales.unfinished().entries)
    running = sales.witnessed(sales.unfinished(), TWO, heads=(third,))
    assert witnesses(running).detail == f"the quorum covers {third} of {size} entries"


def test_the_house_head_that_tells_of_the_seal_needs_the_quorum_too() -> None:
    alone = replace(SEEN, house_cosignatures=SEEN.house_cosignatures[:1])
    seen = witnesses(alone)
    assert seen.detail == "the house tells of the seal without its quorum"
    assert seen.found == "association"
    assert witnesses(replace(SEEN, house_cosignatures=())).status == "FAILED"


def test_a_house_that_does_not_tell_of_a_seal_needs_none() -> None:
    running = sales.witnessed(sales.unfinished())
    assert witnesses(replace(running, house_cosignatures=())).status == "HELD"


@pytest.mark.parametrize("size", [1, 7, SEALED])
def test_a_false_line_of_a_known_witness_fails_anywhere(size: int) -> None:
    head = next(head for head in SALE.heads if head.size == size)
    other = sales.cosignatures(SALE.origin, Head(size, bytes(32)), sales.BEGIN)
    lines = (*SEEN.cosignatures[size][:2], other[2])
    seen = witnesses(replace(SEEN, cosignatures={**SEEN.cosignatures, size: lines}))
    assert seen.status == "FAILED"
    assert seen.detail == f"the head of {size} entries bears a false cosignature"
    assert "supervisor.example.cn" in str(seen.found)
    assert head.root != bytes(32)


def test_a_false_line_under_the_house_head_fails() -> None:
    origin = house_origin(sales.SITE)
    other = sales.cosignatures(origin, Head(3, bytes(32)), sales.BEGIN)
    seen = witnesses(replace(SEEN, house_cosignatures=(*SEEN.house_cosignatures[:2], other[2])))
    assert seen.detail == "the house head bears a false cosignature"


def test_lines_by_unknown_keys_are_ignored() -> None:
    stranger = {"zz": sales.CosigningKey("stranger.example", bytes(32))}
    lines = sales.witnessed(SALE, {**sales.WITNESSES, **stranger})
    assert witnesses(lines).status == "HELD"
    assert witnesses(lines).counted == witnesses(SEEN).counted
    assert witnesses(sales.witnessed(SALE, stranger)).status == "FAILED"


def test_a_witness_under_its_name_with_another_key_is_unknown() -> None:
    posing = {name: sales.CosigningKey(key.name, bytes(32)) for name, key in TWO.items()}
    assert witnesses(sales.witnessed(SALE, posing)).found == "no known witness"


def test_no_entry_may_be_dated_after_a_witness_saw_it() -> None:
    late, head = find(SALE.entries, "hammer_fell"), SALE.heads[-1]
    at = sales.at(SALE.entries[late])
    for before, status in ((59_000, "HELD"), (61_500, "FAILED")):
        early = sales.cosignatures(SALE.origin, head, at - before - 2000)
        moved = {**SEEN.cosignatures, head.size: early}
        seen = witnesses(replace(SEEN, cosignatures=moved))
        assert seen.status == status
    assert seen.detail == "a witness had seen an entry before its date"
    # The first entry dated too late, not the last one under the head.
    limit = int(str(seen.expected))
    first = next(s for s, entry in enumerate(SALE.entries) if sales.at(entry) > limit)
    assert (seen.first_seq, seen.found) == (first, str(sales.at(SALE.entries[first])))


def test_no_house_entry_may_be_dated_after_a_witness_saw_it() -> None:
    at = max(sales.at(record.entry) for record in SALE.house)
    origin = house_origin(sales.SITE)
    early = sales.cosignatures(origin, SALE.house_head, at - 63_000)
    seen = witnesses(replace(SEEN, house_cosignatures=early))
    assert (seen.status, seen.first_seq) == ("FAILED", None)
    assert "a witness had seen house entry" in str(seen.detail)


def test_a_time_at_the_end_of_the_world_is_late_enough() -> None:
    far = sales.cosignatures(SALE.origin, SALE.heads[-1], (2**63 - 10) * 1000)
    moved = {**SEEN.cosignatures, SEALED: far}
    assert witnesses(replace(SEEN, cosignatures=moved)).status == "HELD"


def test_quorum_none_asks_for_nobody() -> None:
    seen = witnesses(SALE, "quorum none\n")
    assert (seen.status, seen.detail) == ("HELD", f"the quorum covers {SEALED} of {SEALED} entries")


def test_a_receipts_head_is_not_verified_a_second_time(monkeypatch: pytest.MonkeyPatch) -> None:
    verified, honest = [], notes.open_checkpoint

    def count(note: str, key: VerifyingKey, origin: str) -> Checkpoint:
        verified.append(origin)
        return honest(note, key, origin)

    monkeypatch.setattr(notes, "open_checkpoint", count)
    assert witnesses(SEEN).status == "HELD"
    assert verified == [house_origin(sales.SITE)] * len(SALE.house)


def test_cosignatures_in_a_receipt_do_not_spoil_it() -> None:
    files = unpack(build(SEEN, sales.KEY))
    name = next(name for name in files if name.startswith("receipts/"))
    size = int(files[name].decode().split("\n\n")[1].split("\n")[1])
    extended = files[name] + "".join(SEEN.cosignatures[size]).encode()
    assert witnesses({**files, name: extended}).status == "HELD"


# ── 15 ──────────────────────────────────────────────────────────────────────────────────────


def test_the_authoritys_own_certificate_is_enough(
    authority: Authority, stamped: PackContents
) -> None:
    assert stamps(stamped, authority.certificate).status == "HELD"


def test_the_close_of_a_sealed_sale_needs_a_timestamp(
    authority: Authority, stamped: PackContents
) -> None:
    close = find(SALE.entries, "close_sale")
    early = {size: tsr for size, tsr in stamped.timestamps.items() if size <= close}
    found = stamps(replace(stamped, timestamps=early), authority.ca)
    assert (found.status, found.first_seq) == ("FAILED", close)
    assert found.detail == "the close bears no timestamp"
    late = {SEALED: stamped.timestamps[SEALED]}
    held = stamps(replace(stamped, timestamps=late), authority.ca)
    assert held.status == "HELD"
    assert "the longest delay is" in str(held.detail)
    assert "at the opening" in str(held.detail)


def test_missing_moments_of_an_unsealed_sale_are_told_not_failed(authority: Authority) -> None:
    running = sales.unfinished()
    found = stamps(running, authority.ca)
    assert (found.status, found.counted) == ("HELD", 0)
    assert found.detail == "0 of 1 moments are stamped, not 1 opening"


def test_a_terminated_sale_has_no_close_to_stamp(authority: Authority) -> None:
    sale, one, _, _ = sales.listing("hj-2017-31")
    sale.bid(one, sales.START_FEN)
    cause = sales.m.SuspendCause.TITLE_DISPUTE
    sale.do(sales.m.Terminate(cause=cause, text="权属争议", officials=sales.OFFICIALS))
    sale.finish()
    assert stamps(sale.contents(), authority.ca).status == "HELD"


def test_a_token_of_another_head_fails_with_and_without_an_authority(
    authority: Authority, stamped: PackContents
) -> None:
    one, two, *_ = sorted(stamped.timestamps)
    swapped = {**stamped.timestamps, one: stamped.timestamps[two]}
    for tsa in ((), (authority.ca,)):
        found = stamps(replace(stamped, timestamps=swapped), *tsa)
        assert found.status == "FAILED"
        assert "WRONG_IMPRINT" in str(found.found)


@pytest.mark.parametrize("name", ["999", "01", "", "2.tsr", "x", "9" * 17, "-1", "0", "5"])
def test_a_token_named_after_no_checkpoint_fails(name: str, stamped: PackContents) -> None:
    files = unpack(build(stamped, sales.KEY))
    token = files.pop(f"timestamps/{SEALED}.tsr")
    found = stamps({**files, f"timestamps/a{name}.tsr": token})
    assert "is of no checkpoint of this pack" in str(found.detail)
    if name and not name.startswith("-"):
        found = stamps({**files, f"timestamps/{name}.tsr": token})
        assert "is of no checkpoint of this pack" in str(found.detail)


def test_a_file_that_is_no_token_fails_without_an_authority_too(stamped: PackContents) -> None:
    for token in (b"", b"token", stamped.timestamps[SEALED][:-1]):
        found = stamps(replace(stamped, timestamps={SEALED: token}))
        assert (found.status, found.first_seq) == ("FAILED", None)
        assert "NOT_A_TOKEN" in str(found.found)


def test_a_gigantic_token_is_not_read(
    authority: Authority, stamped: PackContents, monkeypatch: pytest.MonkeyPatch
) -> None:
    gigantic = random.Random(7).randbytes(10 << 20)
    monkeypatch.setattr(timestamps, "_open", None)
    found = stamps(replace(stamped, timestamps={SEALED: gigantic}), authority.ca)
    assert found.detail == f"timestamps/{SEALED}.tsr proves nothing"
    assert found.found == f"TOO_LARGE: {len(gigantic)} bytes, at most {timestamps.MAX_TOKEN_BYTES}"


def test_a_token_by_a_stranger_fails(stamped: PackContents, tmp_path: Path) -> None:
    stranger = Authority(tmp_path)
    found = stamps(stamped, stranger.ca)
    assert "UNKNOWN_SIGNER" in str(found.found)


def test_one_strange_token_among_many_fails(
    authority: Authority, stamped: PackContents, tmp_path: Path
) -> None:
    stranger, head = Authority(tmp_path), SALE.heads[3]
    mixed = {**stamped.timestamps, head.size: sales.stamp(SALE, head, stranger)}
    found = stamps(replace(stamped, timestamps=mixed), authority.ca)
    assert f"timestamps/{head.size}.tsr" in str(found.detail)
    both = stamps(replace(stamped, timestamps=mixed), authority.ca, stranger.certificate)
    assert both.status == "HELD"


def test_no_entry_may_be_dated_after_it_was_stamped(authority: Authority) -> None:
    head = SALE.heads[-1]
    text = Checkpoint(SALE.origin, head.size, head.root).to_text()
    last = sales.at(SALE.entries[-1])
    for before, status in ((60_000, "HELD"), (60_001, "FAILED")):
        token = authority.stamp_at(timestamps.request(text), last - before)
        found = stamps(replace(SALE, timestamps={head.size: token}), authority.ca)
        assert found.status == status
    assert found.detail == f"an authority had stamped entry {head.size - 1} before its date"


def test_bidding_that_goes_on_wants_a_stamp_every_ten_minutes(authority: Authority) -> None:
    times = replace(sales.listing_times(), listing_to=sales.BEGIN + 30_000 + 3 * INTERVAL_MS)
    sale = sales.Sale("hj-2017-33", sales.make_rules(), times)
    one, two = sale.admit("7KQ2"), sale.admit("M4X9")
    sale.leave(Stage.ANNOUNCED)
    opened = sale.now
    sale.bid(one, sales.START_FEN)
    sale.wait(INTERVAL_MS + 5_000)
    sale.raise_by(two)
    sale.wait(2 * INTERVAL_MS)
    sale.raise_by(one)
    sale.leave(Stage.LISTING)
    sale.leave(Stage.TIMED)
    sale.close()
    sale.finish()
    contents = sale.contents()
    intervals = [each for each in sales.moments(contents) if each.kind is Kind.INTERVAL]
    # Nothing was written between the second and the third, which therefore wants no stamp.
    assert [each.at - opened for each in intervals] == [INTERVAL_MS, 2 * INTERVAL_MS]
    assert stamps(sales.stamped(contents, authority), authority.ca).status == "HELD"
    bare = stamps(contents, authority.ca)
    assert (bare.status, bare.detail) == ("FAILED", "the close bears no timestamp")


def test_names_that_are_no_text_are_told_in_letters() -> None:
    vkey = sales.WITNESSES["notary"].verifying.to_text().encode()
    policy = b"witness \xff\xc2\x9b " + vkey + b"\nwitness z " + other().encode() + b"\nquorum z\n"
    report = verify_pack(build(SEEN, sales.KEY), sales.VKEY, policy)
    assert report.checks[13].found == r"\udcff\x9b"
    assert r"\\udcff" in report.model_dump_json()


def other() -> str:
    return sales.CosigningKey("z.example", bytes(32)).verifying.to_text()


CONVICTED = {
    "drop a bid that nobody saw": True,
    "drop a refusal that nobody saw": True,
    "date a bid a second earlier": True,
    "forget a bidder who never quoted": True,
    "show an old head and call the sale unfinished": False,
    "bid through a straw man": False,
    "invent proofs of health": False,
    "leave out heads between": False,
}
"""What no pack alone shows: whether those outside convict him of it, as docs/verify.md says."""


def test_the_cheats_that_are_judged_here_are_all_there_are() -> None:
    assert set(CONVICTED) == set(UNSHOWN)


@pytest.mark.parametrize("cheat", CONVICTED)
def test_those_outside_convict_a_cheat_with_the_key_as_the_page_says(
    cheat: str, authority: Authority, stamped: PackContents
) -> None:
    false = UNSHOWN[cheat][0]()
    if not CONVICTED[cheat]:  # he need not even go without them: they sign what is so
        helped = sales.stamped(sales.witnessed(false), authority)
        seen, stamp = judge(helped, sales.POLICY, authority.ca)
        assert (seen.status, stamp.status) == ("HELD", "HELD")
        return
    # He may leave their words out, or show those they gave for the true heads.
    true = replace(
        false,
        cosignatures=SEEN.cosignatures,
        house_cosignatures=SEEN.house_cosignatures,
        timestamps=stamped.timestamps,
    )
    for pack in (false, true):
        seen, stamp = judge(pack, sales.POLICY, authority.ca)
        assert (seen.status, stamp.status) == ("FAILED", "FAILED")


def test_one_witness_on_his_side_is_no_quorum_and_a_quorum_is(authority: Authority) -> None:
    false = UNSHOWN["drop a bid that nobody saw"][0]()
    assert witnesses(sales.witnessed(false, ONE)).status == "FAILED"
    assert witnesses(sales.witnessed(false, TWO)).status == "HELD"
    assert stamps(sales.witnessed(false, TWO), authority.ca).status == "FAILED"


@settings(max_examples=150, deadline=None)
@given(st.data(), st.binary(max_size=6))
def test_whatever_becomes_of_lines_and_tokens_the_verifier_answers(
    authority: Authority, stamped: PackContents, data: st.DataObject, new: bytes
) -> None:
    full = replace(SEEN, timestamps=stamped.timestamps)
    files = unpack(build(full, sales.KEY))
    names = [name for name in files if name.startswith(("timestamps/", "house/", "checkpoints"))]
    name = data.draw(st.sampled_from(names))
    at = data.draw(st.integers(0, len(files[name])))
    files[name] = files[name][:at] + new + files[name][at + data.draw(st.integers(0, 6)) :]
    report = verify_pack(repack(files), sales.VKEY, sales.POLICY, (authority.ca,))
    assert report.exit_code == 2 or len(report.checks) == 15
    assert report.model_dump_json()


# ── what is given from outside ──────────────────────────────────────────────────────────────


def test_a_policy_that_lists_other_logs_is_refused() -> None:
    other = SigningKey(sales.SITE, bytes(32)).verifying.to_text()
    assert error(policy=f"log {other}\nquorum none\n") == "the policy: LOG_NOT_LISTED"


def error(policy: str | bytes | None = None, tsa: tuple[bytes, ...] = ()) -> str:
    """What the verifier says of things it cannot use; nothing may have been judged."""
    return refusal(verify_pack(build(SALE, sales.KEY), sales.VKEY, policy, tsa))


def refusal(report: VerifyReport) -> str:
    assert (report.exit_code, report.checks) == (2, ())
    assert report.error is not None
    return ":".join(report.error.split(":")[:2])


def test_a_policy_or_certificate_that_cannot_be_read_is_a_report() -> None:
    assert error(policy="nonsense\n") == "the policy: UNKNOWN_LINE"
    assert error(policy=b"\xff\x00") == "the policy: FORBIDDEN_OCTET"
    assert error(policy="quorum \ud800\n") == "the policy: UNKNOWN_NAME"
    assert error(tsa=(b"nonsense",)) == "the timestamp authority: NOT_A_CERTIFICATE"


def test_files_from_outside_are_read_up_to_their_bounds(
    tmp_path: Path, authority: Authority
) -> None:
    pack, key = tmp_path / "pack.zip", tmp_path / "log.vkey"
    policy, tsa = tmp_path / "policy.txt", tmp_path / "tsa.pem"
    pack.write_bytes(build(sales.stamped(SEEN, authority), sales.KEY))
    key.write_text(sales.VKEY, encoding="utf-8")
    policy.write_text(sales.POLICY, encoding="utf-8")
    tsa.write_bytes(authority.ca)
    report = verify_files(pack, key, policy, (tsa,))
    assert report.exit_code == 0
    assert [check.status for check in report.checks[13:]] == ["HELD", "HELD"]
    nowhere, folder = tmp_path / "nowhere", tmp_path
    assert "FILE_MISSING" in refusal(verify_files(pack, key, nowhere))
    assert "FILE_MISSING" in refusal(verify_files(pack, key, policy, (tsa, nowhere)))
    assert "FILE_UNREADABLE" in refusal(verify_files(pack, key, folder))
    large = tmp_path / "large"
    large.write_bytes(bytes(1 << 20))
    assert "FILE_TOO_LARGE" in refusal(verify_files(pack, key, large))
    assert "FILE_TOO_LARGE" in refusal(verify_files(pack, key, None, (large,)))
