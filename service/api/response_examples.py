"""An example of every JSON answer for the OpenAPI document: one parcel of Hebei, from its draft to
the check of its log. They are instances of the answers' own models, so none can be out of shape.
"""

from collections.abc import Mapping
from functools import lru_cache
from importlib.metadata import version as version_of
from typing import Any

from pydantic import BaseModel

from schemas import live, log, rest
from service import wire
from service.api import example_sale as sale
from service.audit import commitments
from service.audit.commitments import Kind
from service.audit.encodings import write_base64
from service.audit.notes import Checkpoint, SigningKey, sign_checkpoint
from service.desk.views import BANK_NAME, CASES, PAYEE_NAME
from service.rules.templates import from_template

_ACCOUNT = "7c9e6679f4a14f0e9d3b5a1c2e8f7061"
_REQUEST = "01a2a4d1f80091c7e5b3a2d4f608"
_PUBLISHER, _APPROVER = "publisher-5e0c91aa", "approver-b7d21f04"
_SUPERVISOR = "supervisor-90ac3e17"


@lru_cache(maxsize=1)
def answers() -> Mapping[str, BaseModel]:
    """operation_id → what that operation answers with when all goes well."""
    parts = (_public, _account, _bidder, _drafts, _sales, _money, _checks)
    return {name: model for part in parts for name, model in part().items()}


def as_json(model: BaseModel) -> Any:
    """The plain JSON of an answer, without fields that are absent, as the doors write it."""
    return model.model_dump(mode="json", by_alias=True, exclude_none=True)


# ── by part ─────────────────────────────────────────────────────────────────────────────────


def _public() -> dict[str, BaseModel]:
    quote = live.AcceptedQuote(
        seq=17,
        at=sale.BID_AT,
        bidder_no=sale.BIDDER_NO,
        amount_fen=sale.PRICE_FEN,
        closes_at=sale.CLOSES_AT,
        stage="LISTING",
    )
    return {
        "get_site": rest.SiteInfo(
            site=sale.SITE,
            demo=False,
            version=version_of("luochui"),
            log_vkey=SigningKey(sale.SITE, bytes(32)).verifying.to_text(),
            document_bytes=10_485_760,
        ),
        "list_lots": rest.Page[rest.LotCard](items=(sale.card(),)),
        "get_lot": rest.LotPage(
            **dict(sale.card()),
            log=sale.LOG,
            rules=sale.RULES,
            documents=sale.DRAFT.documents,
            reserve_commitment="1a" * 32,
            version=1,
        ),
        "get_live": sale.snapshot(quote),
        "list_quotes": rest.Page[live.AcceptedQuote](items=(quote,)),
        "get_replay": rest.Page[log.LotEntry](items=(sale.entry(),), next_cursor="17"),
    }


def _account() -> dict[str, BaseModel]:
    me = rest.Me(
        account_id=_ACCOUNT, username="huanghe-dichan", display_name=sale.BIDDER, roles=("bidder",)
    )
    key = rest.EnrolledKey(
        key_id=sale.KEY_ID,
        public_key="302a300506032b6570032100" + "11" * 32,
        enrolled_at=sale.TIMES.registration_from,
    )
    return {
        "register": me,
        "sign_in": me,
        "get_me": me,
        "list_keys": rest.Page[rest.EnrolledKey](items=(key,)),
        "enrol_key": key,
    }


def _bidder() -> dict[str, BaseModel]:
    filed = _application("SUBMITTED")
    admitted = filed.model_copy(
        update={
            "state": "ADMITTED",
            "decided_at": filed.submitted_at + 86_400_000,
            "deposit": _deposit(),
            "bidder_no": sale.BIDDER_NO,
        }
    )
    return {
        "apply": filed,
        "list_my_applications": rest.Page[rest.Application](items=(admitted,)),
        "get_my_application": admitted,
        "use_key": admitted.model_copy(update={"key_ids": (sale.KEY_ID, "8f1d03c27b9ae645")}),
        "place_bid": sale.receipt(),
        "get_bid": sale.receipt(),
        "opt_in": live.OptedIn(seq=41, at=sale.CLOSES_AT, join=True),
    }


def _drafts() -> dict[str, BaseModel]:
    draft = rest.Draft(
        lot_id=sale.LOT_ID,
        parcel_id=sale.DRAFT.parcel_id,
        parcel=sale.FACTS,
        rules=sale.RULES,
        timetable=sale.TIMES,
        documents=sale.DRAFT.documents,
        kept=(_kept(),),
        reserve=rest.ReserveSeal(
            commitment="1a" * 32,
            sealed_at=sale.TIMES.announced_at - 3_600_000,
            holders=(_PUBLISHER, _SUPERVISOR),
        ),
        state="DRAFT",
        version=1,
        drafted_by=_PUBLISHER,
        updated_at=sale.TIMES.announced_at - 3_600_000,
    )
    parcel = rest.Parcel(
        parcel_id=sale.DRAFT.parcel_id,
        facts=sale.FACTS,
        method=sale.RULES.method,
        starting_price_fen=sale.RULES.starting_price_fen,
        increment_fen=sale.RULES.increment_fen,
        deposit_fen=sale.DEPOSIT_FEN,
        source="黄骅市自然资源和规划局",
    )
    bare = from_template(
        sale.RULES.template, starting_price_fen=0, increment_fen=0, deposit={"CNY": 0}
    )
    template = rest.Template(name=sale.RULES.template, rules=wire.rules_to_wire(bare))
    finding = rest.Finding(rule="HOLIDAYS_UNKNOWN", severity="WARN", figures={"year": 2026})
    return {
        **_documents(),
        "list_parcels": rest.Page[rest.Parcel](items=(parcel,)),
        "list_templates": rest.Page[rest.Template](items=(template,)),
        "create_draft": draft,
        "list_drafts": rest.Page[rest.Draft](items=(draft,)),
        "get_draft": draft,
        "edit_draft": draft.model_copy(update={"version": 2}),
        "seal_reserve": draft.model_copy(update={"version": 2}),
        "preflight": rest.Preflight(findings=(finding,), releasable=True),
        "submit_draft": draft.model_copy(update={"state": "SUBMITTED", "version": 2}),
        "release_lot": draft.model_copy(update={"state": "RELEASED", "version": 3}),
    }


def _documents() -> dict[str, BaseModel]:
    kept, [announced] = _kept(), sale.DRAFT.documents
    listed = rest.AnnouncedDocument(
        name=announced.name,
        sha256=announced.sha256,
        version=1,
        kept=True,
        size=kept.size,
        media_type=kept.media_type,
    )
    return {
        "keep_document": kept,
        "list_documents": rest.Page[rest.AnnouncedDocument](items=(listed,)),
    }


def _kept() -> rest.KeptDocument:
    return rest.KeptDocument(
        sha256=sale.DRAFT.documents[0].sha256,
        media_type="application/pdf",
        size=482_113,
        uploaded_at=sale.TIMES.announced_at - 7_200_000,
    )


def _sales() -> dict[str, BaseModel]:
    asked = rest.OfficeRequest(
        request_id=_REQUEST,
        lot_id=sale.LOT_ID,
        action=rest.SuspendIn(cause="TITLE_DISPUTE", text="有权利人提出异议,现予核查。"),
        state="PENDING",
        requested_by=_PUBLISHER,
        requested_at=sale.BID_AT,
    )
    done = {"state": "DONE", "approved_by": _APPROVER, "outcome": "DONE"}
    row = rest.OfficeLot(
        lot_id=sale.LOT_ID,
        title=sale.TITLE,
        method=sale.RULES.method,
        state=sale.fields(),
        timetable=sale.TIMES,
        bidding_path_proved_to=sale.BID_AT,
    )
    applicant = rest.OfficeApplication(
        application_id=sale.APPLICATION,
        lot_id=sale.LOT_ID,
        title=sale.TITLE,
        applicant=sale.BIDDER,
        kind="COMPANY",
        id_number=sale.ID_NUMBER,
        state="SUBMITTED",
        submitted_at=sale.TIMES.registration_from,
    )
    return {
        "list_office_lots": rest.Page[rest.OfficeLot](items=(row,)),
        "list_supervised_lots": rest.Page[rest.OfficeLot](items=(row,)),
        "give_reserve_half": rest.ReserveWait(
            given=1,
            holders=(_PUBLISHER, _SUPERVISOR),
            yours="GIVEN",
            due_at=sale.CLOSES_AT + 30 * 60_000,
            late=False,
        ),
        "request_action": asked,
        "list_requests": rest.Page[rest.OfficeRequest](items=(asked,)),
        "approve_action": asked.model_copy(update=done),
        "withdraw_action": asked.model_copy(update={"state": "WITHDRAWN"}),
        "list_applications": rest.Page[rest.OfficeApplication](items=(applicant,)),
        "decide_application": applicant.model_copy(update={"state": "ACCEPTED"}),
        "request_revocation": asked.model_copy(
            update={
                "action": rest.RevokeIn(
                    application_id=sale.APPLICATION,
                    cause="FALSE_DOCUMENTS",
                    text="所交文件经核实系伪造。",
                ),
                "requested_by": "reviewer-41d0c7aa",
            }
        ),
    }


def _money() -> dict[str, BaseModel]:
    late = rest.DepositLine(
        bank_serial="B20261122000017",
        account=sale.SUB_ACCOUNT,
        bank_time=sale.TIMES.deposit_deadline + 1,
        received_at=sale.TIMES.deposit_deadline + 2_000,
        currency="CNY",
        amount_fen=sale.DEPOSIT_FEN,
        payer_name=sale.BIDDER,
        code="LATE",
        application_id=sale.APPLICATION,
        lot_id=sale.LOT_ID,
    )
    order = rest.RefundOrder(
        refund_id="01a2b7c9d80055e1c4a7b3f29d60",
        lot_id=sale.LOT_ID,
        application_id=sale.APPLICATION,
        to_account="6222020402001234567",
        to_name=sale.BIDDER,
        currency="CNY",
        amount_fen=sale.DEPOSIT_FEN,
        state="ORDERED",
        ordered_at=sale.CLOSES_AT,
        due_at=sale.CLOSES_AT + 5 * 86_400_000,
    )
    return {
        "list_deposits": rest.Page[rest.DepositLine](items=(late,)),
        "list_refunds": rest.Page[rest.RefundOrder](items=(order,)),
        "bank_notice": rest.BankAnswer(bank_serial=late.bank_serial, code="PAID", duplicate=False),
    }


def _checks() -> dict[str, BaseModel]:
    held = rest.CheckResult(number=2, name="entries", status="HELD", counted=18)
    report = rest.VerifyReport(
        pack=f"{sale.LOT_ID}.zip",
        log=sale.LOG,
        entries=18,
        root="2b" * 32,
        winner_no=sale.BIDDER_NO,
        amount_fen=sale.PRICE_FEN,
        outcome="SOLD",
        exit_code=0,
        checks=(held,),
    )
    return {
        **_house(),
        **_heads(),
        "list_entries": rest.Page[log.LotEntry](items=(sale.entry(),), next_cursor="17"),
        "verify_lot": report,
    }


def _heads() -> dict[str, BaseModel]:
    """A head that two witnesses cosigned, and what they and the authority owe the others."""
    key = SigningKey(sale.SITE, bytes(32))
    proof = rest.ConsistencyProof(
        log=sale.LOG,
        from_size=17,
        to_size=18,
        proof=(write_base64(b"\x2c" * 32), write_base64(b"\x2d" * 32)),
        checkpoint=sign_checkpoint(key, Checkpoint(sale.LOG, 18, b"\x2b" * 32)),
    )
    mark = rest.WitnessMark(
        witness="witness.example.cn/w1",
        size=17,
        newest=False,
        at=sale.BID_AT,
        said="no answer within 5000 ms",
        tries=3,
    )
    stamp = rest.PendingStamp(
        size=18, moments=("close",), wanted_at=sale.CLOSES_AT, tries=3, said="HTTP 503"
    )
    anchors = rest.LogAnchors(
        log=f"lot/{sale.LOT_ID}",
        size=18,
        quorum_size=17,
        quorum_newest=False,
        witnesses=(mark,),
        stamped=4,
        stamps_pending=(stamp,),
    )
    return {
        "prove_consistency": proof,
        "list_anchors": rest.Page[rest.LogAnchors](items=(anchors,)),
    }


def _house() -> dict[str, BaseModel]:
    """The house log after the sale, and the identities it was sealed with."""
    value = {"id_number": sale.ID_NUMBER, "kind": "COMPANY", "name": sale.BIDDER}
    sealed = commitments.commit(Kind.IDENTITY, sale.LOG, "3c" * 32, value)
    check = rest.IdentityCheck(outcome="FITS", at=sale.CLOSES_AT + 7_200_000, seq=61)
    look = log.RecordLook(
        subject=f"lot/{sale.LOT_ID}",
        field="identities",
        reason="年度抽查",
        requester="supervisor-0c41be77",
    )
    at = sale.CLOSES_AT + 3_600_000
    line = rest.HouseLine(seq=58, at=at, command=look)
    seen = rest.LookLine(
        seq=58,
        at=at,
        official=look.requester,
        subject=look.subject,
        field=look.field,
        reason=look.reason,
    )
    named = {"bidder_no": sale.BIDDER_NO, "commitment": sealed, "salt": "3c" * 32, **value}
    place = {"lot_id": sale.LOT_ID, "log": sale.LOG}
    opened = rest.OpenedIdentity.model_validate(named)
    return {
        "list_house_entries": rest.HousePage(items=(line,), withheld=True),
        "list_looks": rest.LookPage(items=(seen,), withheld=False),
        "open_identities": rest.LotIdentities.model_validate({**place, "items": (opened,)}),
        "record_identity_check": check,
        "get_winner_opening": rest.WinnerOpening.model_validate({**place, **named, "check": check}),
    }


# ── nouns ───────────────────────────────────────────────────────────────────────────────────


def _application(state: str) -> rest.Application:
    return rest.Application(
        application_id=sale.APPLICATION,
        lot=sale.card(),
        state=state,
        submitted_at=sale.TIMES.registration_from,
        key_ids=(sale.KEY_ID,),
    )


def _deposit() -> rest.DepositState:
    cause, cure = CASES["PAID"]
    return rest.DepositState(
        sub_account=sale.SUB_ACCOUNT,
        bank_name=BANK_NAME,
        payee_name=PAYEE_NAME,
        payer_name=sale.BIDDER,
        currency="CNY",
        required_fen=sale.DEPOSIT_FEN,
        paid_fen=sale.DEPOSIT_FEN,
        deadline=sale.TIMES.deposit_deadline,
        code="PAID",
        cause=cause,
        cure=cure,
        last_bank_contact_at=sale.TIMES.deposit_deadline - 3_600_000,
    )
