"""The wire is a promise: what was once written is read for ever, and an amount is an integer.

The golden files hold one line for every kind of frame and entry. A line is never changed: a new
field of the schema is optional, and gets a line of its own.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, get_args

import pytest
from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from schemas import base, live, log, problem, rest
from service import wire
from service.audit import canonical
from service.rules import messages as m

GOLDEN = Path(__file__).parent / "golden"
LAX = ["true", '"100"', "1000.0", "1e3", "1_000", "0x10", "NaN", "9007199254740992", "null", "[1]"]
"""Each was taken for an amount by some real system, or could be."""

READERS: dict[str, TypeAdapter[Any]] = {
    "lot_entries": TypeAdapter(log.LotEntry),
    "house_entries": TypeAdapter(log.HouseEntry),
    "server_frames": TypeAdapter(live.ServerFrame),
    "client_frames": TypeAdapter(live.ClientFrame),
}


def lines(name: str) -> list[str]:
    return (GOLDEN / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()


def kinds(union: Any) -> set[str]:
    """The `type` of every member of a discriminated union."""
    return {member.model_fields["type"].default for member in get_args(get_args(union)[0])}


ALL_LINES = [(name, line) for name in READERS for line in lines(name)]


# ── old lines ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("name", "line"), ALL_LINES)
def test_a_golden_line_still_reads_and_writes_the_same(name: str, line: str) -> None:
    read = READERS[name].validate_json(line)
    written = read.model_dump(mode="json", by_alias=True, exclude_none=True)
    assert written == json.loads(line)


@pytest.mark.parametrize("line", lines("lot_entries"))
def test_a_golden_entry_is_decided_from_and_stored_as_the_same_bytes(line: str) -> None:
    entry = log.LotEntry.model_validate_json(line)
    command = wire.command_from_wire(entry.command)
    events = tuple(wire.event_from_wire(event) for event in entry.events)
    again = wire.lot_entry(entry.log, entry.seq, entry.at, command, events)
    assert canonical.encode(wire.plain(again)) == line.encode()


@pytest.mark.parametrize("line", lines("house_entries"))
def test_a_golden_house_entry_is_stored_as_the_same_bytes(line: str) -> None:
    entry = log.HouseEntry.model_validate_json(line)
    assert canonical.encode(wire.plain(entry)) == line.encode()


def test_every_kind_of_command_event_and_frame_has_its_golden_line() -> None:
    entries = [json.loads(line) for line in lines("lot_entries")]
    assert {entry["command"]["type"] for entry in entries} == kinds(log.Command)
    assert {event["type"] for entry in entries for event in entry["events"]} == kinds(log.Event)
    assert len(kinds(log.Command)) == len(get_args(m.Command))
    house = {json.loads(line)["command"]["type"] for line in lines("house_entries")}
    assert house == kinds(log.HouseCommand)
    for name, union in (("server_frames", live.ServerFrame), ("client_frames", live.ClientFrame)):
        assert {json.loads(line)["type"] for line in lines(name)} == kinds(union)


@pytest.mark.parametrize(("name", "line"), ALL_LINES)
def test_an_unknown_field_is_refused(name: str, line: str) -> None:
    with pytest.raises(ValidationError, match="Extra inputs"):
        READERS[name].validate_json(json.dumps({**json.loads(line), "more": 1}))


# ── amounts ─────────────────────────────────────────────────────────────────────────────────


def amount_fields() -> Iterator[tuple[type[base.Strict], str, FieldInfo]]:
    """Every field of every model in which fen stand, by its name or by its type."""
    modules: list[ModuleType] = [live, log, problem, rest]
    models = {
        thing
        for module in modules
        for thing in vars(module).values()
        if isinstance(thing, type) and issubclass(thing, base.Strict)
    }
    for model in sorted(models, key=lambda model: (model.__module__, model.__name__)):
        for name, given in model.model_fields.items():
            if name.endswith("_fen") or _holds_amount(given):
                yield model, name, given


def _holds_amount(given: Any) -> bool:
    """Whether an AmountFen stands somewhere in this annotation."""
    if isinstance(given, FieldInfo):
        said = (given.description or "").startswith("Whole fen")
        return said or _holds_amount(given.annotation)
    return any(_holds_amount(part) for part in get_args(given))


FIELDS = list(amount_fields())
IDS = [f"{model.__name__}.{name}" for model, name, _ in FIELDS]


def reader_of(given: FieldInfo) -> TypeAdapter[Any]:
    """Reads one field as its model does."""
    field: Any = given.annotation
    if given.metadata:
        field = Annotated[(field, *given.metadata)]
    return TypeAdapter(field, config=base.Strict.model_config)


def value_of(given: FieldInfo, text: str) -> str:
    """A JSON text for the field with `text` where its amount stands."""
    return f'{{"CNY":{text}}}' if "dict" in str(given.annotation) else text


def test_reflection_finds_the_amounts_that_we_know() -> None:
    known = {
        "BidBody.amount_fen", "PlaceBid.amount_fen", "LotFields.price_fen", "RuleSet.deposit",
        "RuleSet.starting_price_fen", "BankNotice.amount_fen",
        "LotCard.deposit", "HammerFell.amount_fen", "RefundOrder.amount_fen",
    }  # fmt: skip
    assert known <= set(IDS)
    assert len(IDS) > 40


@pytest.mark.parametrize(("model", "name", "given"), FIELDS, ids=IDS)
def test_an_amount_is_a_json_integer_and_nothing_else(
    model: type[base.Strict], name: str, given: FieldInfo
) -> None:
    """Fault 51: `true`, "100", 1000.0 and 1_000 were taken as amounts."""
    reader = reader_of(given)
    reader.validate_json(value_of(given, "1000"))
    for lax in LAX:
        if lax == "null" and not given.is_required():
            continue
        with pytest.raises(ValidationError):
            reader.validate_json(value_of(given, lax))


@pytest.mark.parametrize(("model", "name", "given"), FIELDS, ids=IDS)
def test_an_amount_is_not_negative_but_where_a_bank_takes_it_back(
    model: type[base.Strict], name: str, given: FieldInfo
) -> None:
    reader, text = reader_of(given), value_of(given, "-1")
    if model in (rest.BankNotice, rest.DepositLine):
        assert reader.validate_json(text) == -1
        return
    with pytest.raises(ValidationError):
        reader.validate_json(text)


@pytest.mark.parametrize(("name", "line"), ALL_LINES)
def test_no_whole_line_with_one_lax_integer_is_read(name: str, line: str) -> None:
    """Fault 51: every integer of every kind of line, not the amounts alone."""
    whole = json.loads(line)
    for place in integers_of(whole):
        for lax in (True, "100", 1000.0):
            with pytest.raises(ValidationError):
                READERS[name].validate_json(json.dumps(with_value(whole, place, lax)))


Place = tuple[str | int, ...]


def integers_of(value: Any, at: Place = ()) -> Iterator[Place]:
    """The places of all integers in a JSON value; a notice's params are words or numbers."""
    if isinstance(value, dict | list):
        parts = value.items() if isinstance(value, dict) else enumerate(value)
        for name, part in parts:
            if name != "params":
                yield from integers_of(part, (*at, name))
    elif isinstance(value, int) and not isinstance(value, bool):
        yield at


def with_value(value: Any, place: Place, new: Any) -> Any:
    """A copy with another value at this place."""
    if not place:
        return new
    copied = value.copy()
    copied[place[0]] = with_value(value[place[0]], place[1:], new)
    return copied
