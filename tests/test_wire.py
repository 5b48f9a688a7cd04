"""The wire: every command and event goes through the log's bytes and comes back the same."""

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas import log as w
from service import wire
from service.audit import canonical
from service.rules import messages as m
from service.rules import terms as t
from service.rules.refusals import Reason
from tests.rules.sale import PARCEL, auction_times, listing_rules, listing_times

LOG = "auction.example.cn/lot/hj-2017-07"
COMMANDS: tuple[type, ...] = m.Command.__args__
EVENTS: tuple[type, ...] = m.Event.__args__

WHOLE = st.integers(0, 2**53 - 1)
HEX32 = st.binary(min_size=32, max_size=32).map(bytes.hex)
NUMBER = st.text("ABCDEFGHJKLMNPQRSTUVWXYZ23456789", min_size=4, max_size=4)
WORDS = st.sampled_from(["中止", "成交有效", 'a"b\\c', "𠮷地", "x" * 200])
OFFICIAL = st.builds(
    "{}-{:08x}".format, st.sampled_from(["publisher", "approver"]), st.integers(0, 2**32 - 1)
)
TWO = st.builds(m.Officials, requester=OFFICIAL, approver=OFFICIAL)
TABLES = st.sampled_from([listing_times(), auction_times()])
RULES = st.sampled_from(
    [
        listing_rules(),
        listing_rules("suzhou-2017", waivers={"T1": "市政府批准"}),
        listing_rules("fujian-2012", confirm_jump_steps=10, max_live_min=60),
        listing_rules("qinzhou-2021", price_cap_fen=5_000_000, increment_live_fen=1),
        listing_rules("demo", deposit={"CNY": 1, "USD": 2**53 - 1}, warnings_s=()),
    ]
)
PARCELS = st.builds(
    dataclasses.replace,
    st.just(PARCEL),
    floor_area_centi_m2=st.none() | WHOLE,
    attempt_no=st.integers(1, 9),
    facts=st.dictionaries(st.sampled_from(["容积率", "限高", "height"]), WORDS),
)
DOCUMENTS = st.lists(st.builds(t.Document, name=WORDS, sha256=HEX32), max_size=3).map(tuple)
ROW = st.builds(
    m.RollRow,
    bidder_no=NUMBER,
    key_id=st.binary(min_size=8, max_size=8).map(bytes.hex),
    public_key=st.binary(min_size=1, max_size=91).map(bytes.hex),
    identity_commitment=HEX32,
    admission=WHOLE,
)
COUNT = st.builds(m.HeadCount, salt=HEX32, count=WHOLE)

VALUES: dict[str, st.SearchStrategy[Any]] = {
    "lot": PARCELS,
    "rules": RULES,
    "rules_version": WHOLE,
    "suite": st.just(t.SUITE),
    "timetable": TABLES,
    "reserve_commitment": HEX32,
    "documents": DOCUMENTS,
    "officials": TWO,
    "text": WORDS,
    "leaving": st.sampled_from(t.Stage),
    "bidder_no": NUMBER,
    "bid_id": st.uuids().map(str),
    "key_id": st.binary(min_size=8, max_size=8).map(bytes.hex),
    "signature": st.just("A" * 86 + "=="),
    "salt": HEX32,
    "roll": st.lists(ROW, max_size=3).map(tuple),
    "head_counts": st.lists(COUNT, max_size=2).map(tuple),
    "outcome": st.sampled_from(m.Confirmation),
    "origin": st.sampled_from(t.Stage),
    "to": st.sampled_from(t.Stage),
}
"""How the fields of this name are made; the others follow from their types."""

OPTIONAL: dict[str, st.SearchStrategy[Any]] = {
    "enough": st.booleans(),
    "head_count_commitment": HEX32,
    "ruling": WORDS,
    "timetable": TABLES,
    "officials": TWO,
}
BY_KIND: dict[tuple[type, str], st.SearchStrategy[Any]] = {
    (m.Suspend, "cause"): st.sampled_from(m.SuspendCause),
    (m.Terminate, "cause"): st.sampled_from(m.SuspendCause),
    (m.Suspended, "cause"): st.sampled_from(m.SuspendCause),
    (m.Interrupt, "cause"): st.sampled_from(m.InterruptCause),
    (m.BidRefused, "reason"): st.sampled_from(Reason),
    (m.LotFailed, "reason"): st.sampled_from(t.FailedReason),
    (m.Suspend, "officials"): st.builds(
        m.Officials, requester=OFFICIAL, approver=st.none() | OFFICIAL
    ),
}


def field_values(kind: type, field: dataclasses.Field[Any]) -> st.SearchStrategy[Any]:
    if (kind, field.name) in BY_KIND:
        return BY_KIND[kind, field.name]
    if field.default is None:
        return st.none() | OPTIONAL.get(field.name, WHOLE)
    if field.type is bool:
        return st.booleans()
    return VALUES.get(field.name, WHOLE)


def made(kind: Any) -> st.SearchStrategy[Any]:
    """Any message of this kind."""
    fields = dataclasses.fields(kind)
    return st.builds(kind, **{field.name: field_values(kind, field) for field in fields})


def through_the_log(command: m.Command, events: tuple[m.Event, ...]) -> w.LotEntry:
    """The entry as someone reads it from the stored bytes."""
    entry = wire.lot_entry(LOG, 17, 1_793_354_677_412, command, events)
    raw = canonical.encode(wire.plain(entry))
    assert canonical.encode(canonical.decode(raw)) == raw
    read = w.LotEntry.model_validate_json(raw)
    assert canonical.encode(wire.plain(read)) == raw, "reading and writing again changes a byte"
    return read


@pytest.mark.parametrize("kind", COMMANDS)
@given(data=st.data())
def test_every_command_comes_back_from_the_log_the_same(kind: type, data: st.DataObject) -> None:
    command = data.draw(made(kind))
    read = through_the_log(command, ())
    assert wire.command_from_wire(read.command) == command


@pytest.mark.parametrize("kind", EVENTS)
@given(data=st.data())
def test_every_event_comes_back_from_the_log_the_same(kind: type, data: st.DataObject) -> None:
    event = data.draw(made(kind))
    read = through_the_log(m.CloseSale(any_admitted=True), (event, event))
    assert tuple(wire.event_from_wire(told) for told in read.events) == (event, event)


def names(union: Any) -> set[str]:
    members = union.__args__[0].__args__
    return {member.model_fields["type"].default for member in members}


def snake(kind: type) -> str:
    return "".join("_" + c.lower() if c.isupper() else c for c in kind.__name__).strip("_")


def test_rules_and_schemas_have_the_same_nouns() -> None:
    assert {snake(kind) for kind in COMMANDS} == names(w.Command)
    assert {snake(kind) for kind in EVENTS} == names(w.Event)


def test_an_entry_looks_as_the_specification_says() -> None:
    bid = m.PlaceBid(
        bid_id="0" * 8 + "-0000-4000-8000-" + "0" * 12,
        bidder_no="A2K7",
        amount_fen=1_000_000,
        seen_seq=16,
        jump_confirmed=False,
        received_at=1_793_354_677_400,
        key_id="0" * 16,
        signature="A" * 86 + "==",
    )
    refused = m.BidRefused(
        bidder_no="A2K7", amount_fen=1_000_000, reason=Reason.NOT_ADMITTED, minimum_fen=1_000_000
    )
    plain = canonical.decode(
        canonical.encode(wire.plain(wire.lot_entry(LOG, 17, 1_793_354_677_412, bid, (refused,))))
    )
    assert list(plain) == ["at", "command", "events", "log", "seq", "v"]
    assert plain["command"]["type"] == "place_bid"
    assert "admission" not in plain["command"], "the format has no null"
    assert plain["events"] == [
        {
            "amount_fen": 1_000_000,
            "bidder_no": "A2K7",
            "minimum_fen": 1_000_000,
            "reason": "NOT_ADMITTED",
            "type": "bid_refused",
        }
    ]


def test_from_and_to_stand_in_the_log_under_their_own_names() -> None:
    gap = m.Interrupt(cause=m.InterruptCause.OUTAGE, gap_from=1, gap_to=2)
    events = (
        m.Interrupted(gap_from=1, gap_to=2),
        m.StageChanged(origin=t.Stage.TIMED, to=t.Stage.CLOSING),
    )
    plain: Any = wire.plain(wire.lot_entry(LOG, 1, 2, gap, events))
    assert plain["command"] == {"type": "interrupt", "cause": "OUTAGE", "from": 1, "to": 2}
    assert plain["events"][0] == {"type": "interrupted", "from": 1, "to": 2}
    assert plain["events"][1] == {"type": "stage_changed", "from": "TIMED", "to": "CLOSING"}


def test_absent_limits_stay_absent_and_never_become_defaults() -> None:
    rules = listing_rules(confirm_jump_steps=None)
    assert wire.rules_from_wire(wire.rules_to_wire(rules)) == rules
    assert wire.rules_to_wire(rules).confirm_jump_steps is None


@pytest.mark.parametrize(
    "command",
    [
        w.Advance(leaving="NOWHERE", proved_to=1),
        w.Interrupt(cause="BOREDOM", gap_from=1, gap_to=2),
        w.ConfirmResult(
            outcome="PERHAPS", requester="publisher-00000001", approver="approver-00000002"
        ),
    ],
)
def test_a_name_that_the_rules_do_not_know_is_refused(command: w.Command) -> None:
    with pytest.raises(ValueError, match="is not a valid"):
        wire.command_from_wire(command)


def test_events_with_unknown_names_are_refused_too() -> None:
    with pytest.raises(ValueError, match="is not a valid"):
        wire.event_from_wire(w.LotFailed(reason="BORED"))


def test_an_approver_without_a_requester_is_refused() -> None:
    with pytest.raises(ValueError, match="no approver"):
        wire.command_from_wire(w.Resume(announced_at=1, approver="approver-00000002"))


def test_a_rule_set_with_an_unknown_method_is_refused() -> None:
    odd = wire.rules_to_wire(listing_rules()).model_copy(update={"method": "RAFFLE"})
    with pytest.raises(ValidationError):
        wire.rules_from_wire(odd)


@pytest.mark.parametrize("lax", ['"100"', "true", "1000.0", "1e3", "-1", "9007199254740992"])
def test_lax_amounts_do_not_pass_the_log(lax: str) -> None:
    """Fault 51: `true`, "1_000" and 1000.0 were taken as amounts."""
    with pytest.raises(ValidationError):
        w.HammerFell.model_validate_json(f'{{"bidder_no":"A2K7","amount_fen":{lax}}}')


def test_an_unknown_field_does_not_pass_the_log() -> None:
    with pytest.raises(ValidationError):
        w.LotSealed.model_validate_json('{"lot_id":"hj-2017-07","size":1,"root":"x","more":1}')
