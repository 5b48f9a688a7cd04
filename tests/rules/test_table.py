"""The table is the law: what may happen in each stage, and that `decide` obeys it (rules §3)."""

from itertools import product
from typing import Any

import pytest

from service.rules import messages as m
from service.rules.decide import decide
from service.rules.lot import Lot
from service.rules.refusals import Reason, Refusal
from service.rules.table import (
    ALLOWED,
    ALLOWED_WHEN_SUSPENDED,
    BIDDING_STAGES,
    FINAL_STAGES,
    REFUSED_BID,
    TRANSITIONS,
    diagram,
    refusal_by_table,
)
from service.rules.terms import Control, Stage
from tests.rules.sale import (
    ALONE,
    CLOSE,
    ROLL,
    SEAL,
    START,
    T0,
    advance,
    bid,
    closing,
    confirm,
    in_every_stage,
    listing,
    open_reserve,
    outage,
    publish,
    resume,
    sold,
    supplement,
    suspend,
    terminate,
    with_control,
)

SALES = {sale.stage: sale for sale in in_every_stage()}

SPOKEN = {
    Stage.ANNOUNCED: "supplement_lot advance suspend terminate",
    Stage.LISTING: "place_bid advance suspend interrupt terminate",
    Stage.QUIET: "advance suspend terminate",
    Stage.READY: "opt_in advance suspend interrupt terminate",
    Stage.TIMED: "place_bid advance suspend interrupt terminate",
    Stage.CLOSING: "open_reserve close_sale suspend terminate",
    Stage.SOLD: "open_roll confirm_result seal_log",
    Stage.FAILED: "open_roll confirm_result seal_log",
}
"""The table read aloud: in each stage these may happen, and nothing else."""


def commands(lot: Lot, at: int) -> list[m.Command]:
    """One of each kind, as sensible as can be."""
    opt_in = m.OptIn(bidder_no="A2K7", join=True, admission=7, received_at=at)
    officials = (suspend(), resume(at), terminate(), confirm(), SEAL)
    house = (open_reserve(), CLOSE, ROLL, outage(at - 60_000, at))
    papers = (publish(lot.rules), supplement(lot))
    return [*papers, advance(lot), opt_in, bid("A2K7", START, at), *officials, *house]


def snake(kind: type) -> str:
    return "".join("_" + c.lower() if c.isupper() else c for c in kind.__name__).strip("_")


def test_every_command_is_in_the_tests() -> None:
    kinds = {type(command) for command in commands(SALES[Stage.LISTING].lot, T0)}
    assert kinds == set(m.Command.__args__)


def test_the_table_reads_aloud() -> None:
    told = {stage: {snake(kind) for kind in kinds} for stage, kinds in ALLOWED.items()}
    assert told == {stage: set(words.split()) for stage, words in SPOKEN.items()}
    assert {snake(kind) for kind in ALLOWED_WHEN_SUSPENDED} == {"resume", "suspend", "terminate"}


def test_bids_are_placed_in_the_listing_and_the_timed_phase_alone() -> None:
    """Fault 14: bids were allowed before opening, after close, on sold lots."""
    taking = {stage for stage, kinds in ALLOWED.items() if m.PlaceBid in kinds}
    assert taking == BIDDING_STAGES
    assert set(REFUSED_BID) == set(Stage) - BIDDING_STAGES


TABLE_REASONS = {
    Reason.ALREADY_PUBLISHED,
    Reason.BIDDING_HAS_OPENED,
    Reason.NOT_SUSPENDED,
    Reason.SUSPENDED,
    Reason.TERMINATED,
    Reason.WRONG_STAGE,
}


@pytest.mark.parametrize(("stage", "control"), list(product(Stage, Control)))
def test_decide_obeys_the_table(stage: Stage, control: Control) -> None:
    at = SALES[stage].at
    lot = with_control(SALES[stage], control)
    for command in commands(lot, at):
        by_table = refusal_by_table(stage, control, type(command))
        decision = decide(lot, command, at)
        if by_table is not None:
            assert by_table in TABLE_REASONS
            assert decision == Refusal(by_table), command
        elif isinstance(decision, Refusal):
            assert decision.reason not in (Reason.SUSPENDED, Reason.TERMINATED)


@pytest.mark.parametrize(("stage", "control"), list(product(Stage, Control)))
def test_the_table_allows_what_its_rows_say_and_nothing_else(
    stage: Stage, control: Control
) -> None:
    for kind in m.Command.__args__:
        if kind is m.PlaceBid:
            assert refusal_by_table(stage, control, kind) is None
            continue
        row = ALLOWED[stage]
        if stage not in FINAL_STAGES and control is Control.SUSPENDED:
            row = ALLOWED_WHEN_SUSPENDED
        assert (refusal_by_table(stage, control, kind) is None) == (kind in row)


@pytest.mark.parametrize("stage", [stage for stage in Stage if stage not in FINAL_STAGES])
def test_a_sale_can_be_suspended_and_terminated_at_any_moment(stage: Stage) -> None:
    """Fault 23: freezing was refused in the last hour, and the resume check was inverted."""
    assert refusal_by_table(stage, Control.NORMAL, m.Suspend) is None
    assert refusal_by_table(stage, Control.NORMAL, m.Terminate) is None
    assert refusal_by_table(stage, Control.NORMAL, m.Resume) is Reason.NOT_SUSPENDED
    assert refusal_by_table(stage, Control.SUSPENDED, m.Resume) is None


def test_the_names_of_the_tables_refusals() -> None:
    def why(stage: Stage, kind: type, control: Control = Control.NORMAL) -> Reason | None:
        return refusal_by_table(stage, control, kind)

    assert why(Stage.LISTING, m.SupplementLot) is Reason.BIDDING_HAS_OPENED
    assert why(Stage.TIMED, m.OpenReserve) is Reason.WRONG_STAGE
    assert why(Stage.TIMED, m.Advance, Control.SUSPENDED) is Reason.SUSPENDED
    assert why(Stage.CLOSING, m.CloseSale, Control.SUSPENDED) is Reason.SUSPENDED
    assert why(Stage.FAILED, m.Suspend, Control.TERMINATED) is Reason.TERMINATED
    assert why(Stage.SOLD, m.Terminate) is Reason.WRONG_STAGE
    assert why(Stage.TIMED, m.PublishLot) is Reason.ALREADY_PUBLISHED


def test_without_publication_there_is_nothing_to_decide() -> None:
    sale = listing()
    for command in commands(sale.lot, sale.at)[1:]:
        assert decide(None, command, T0) == Refusal(Reason.NOT_PUBLISHED)


def test_after_the_seal_nothing_is_decided() -> None:
    sale = sold()
    sale.do(ROLL)
    sale.do(confirm())
    sale.do(SEAL)
    for command in commands(sale.lot, sale.at)[1:]:
        assert decide(sale.lot, command, sale.at) == Refusal(Reason.SEALED)


@pytest.mark.parametrize(
    "officials",
    [ALONE, m.Officials(requester=ALONE.requester, approver=ALONE.requester)],
    ids=["alone", "with himself"],
)
def test_official_commands_need_two_different_people(officials: m.Officials) -> None:
    announced, done = listing(), sold()
    published = publish(announced.rules)
    first = m.PublishLot(**{**fields(published), "officials": officials})
    assert decide(None, first, T0) == Refusal(Reason.FOUR_EYES)
    for sale, command in (
        (announced, supplement(announced.lot, officials=officials)),
        (announced, suspend(officials=officials)),
        (announced, m.Terminate(**{**fields(terminate()), "officials": officials})),
        (done, m.ConfirmResult(**{**fields(confirm()), "officials": officials})),
        (done, m.SealLog(officials=officials)),
    ):
        assert sale.refused(command) is Reason.FOUR_EYES


def fields(command: m.Command) -> dict[str, Any]:
    return {name: getattr(command, name) for name in command.__dataclass_fields__}


def test_no_transition_leads_out_of_failure_and_only_disqualification_out_of_a_sale() -> None:
    assert [to for origin, to in TRANSITIONS if origin is Stage.FAILED] == []
    assert [to for origin, to in TRANSITIONS if origin is Stage.SOLD] == [Stage.FAILED]


def test_the_diagram_shows_every_transition_and_termination() -> None:
    lines = diagram().splitlines()
    for origin, to in TRANSITIONS:
        assert any(line.startswith(f"    {origin} --> {to}: ") for line in lines)
    for stage in set(Stage) - FINAL_STAGES:
        assert f"    {stage} --> FAILED: terminate" in lines


def test_an_unknown_version_of_the_rules_is_not_run_by_this_one() -> None:
    command = publish(closing().rules)
    other = m.PublishLot(**{**fields(command), "rules_version": 2})
    assert decide(None, other, T0) == Refusal(Reason.RULES_NOT_VALID, {"rules_version": 1})
