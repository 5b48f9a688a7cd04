"""Bodies of the REST doors: public pages, account, bidder, office, bank, supervision."""

from typing import Annotated, Generic, Literal, TypeVar

from pydantic import Field

from schemas.base import (
    AmountFen,
    BidderNo,
    Hex,
    Hex32,
    KeyId,
    LongText,
    LotId,
    Millis,
    Seq,
    ShortText,
    Strict,
    Whole,
)
from schemas.live import LotFields
from schemas.log import Document, HouseCommand, Name, Official, ParcelFacts, RuleSet, Timetable

Item = TypeVar("Item")

SignedFen = Annotated[
    int, Field(strict=True, ge=-(2**53) + 1, le=2**53 - 1, description="A reversal is below 0.")
]

RoleName = Literal["bidder", "publisher", "approver", "reviewer", "finance", "supervisor", "admin"]


class Page(Strict, Generic[Item]):
    """One page; `next_cursor` is opaque and absent on the last page."""

    items: tuple[Item, ...]
    next_cursor: str | None = None


# ── public ──────────────────────────────────────────────────────────────────────────────────


class SiteInfo(Strict):
    site: ShortText
    demo: bool
    version: ShortText
    log_vkey: ShortText = Field(description="C2SP verifier key of every log of this site.")
    document_bytes: Whole = Field(description="The size that one announced document may have.")


class LotCard(Strict):
    lot_id: LotId
    parcel: ParcelFacts
    method: Name
    price_unit: Name
    starting_price_fen: AmountFen
    increment_fen: AmountFen
    deposit: dict[str, AmountFen]
    timetable: Timetable
    state: LotFields


class LotPage(LotCard):
    """`log`: the origin of its log. `winner_name`: published with the confirmed result."""

    log: ShortText
    rules: RuleSet
    documents: tuple[Document, ...]
    reserve_commitment: Hex32
    version: Whole
    winner_name: str | None = None


# ── account ─────────────────────────────────────────────────────────────────────────────────


class SignIn(Strict):
    username: Annotated[str, Field(min_length=1, max_length=64)]
    password: Annotated[str, Field(min_length=1, max_length=256)]


class Register(Strict):
    """A new bidder. `payer_name`: the name on the bank account deposits will come from."""

    username: Annotated[str, Field(pattern=r"^[a-z0-9._-]{3,64}$")]
    password: Annotated[str, Field(min_length=10, max_length=256)]
    display_name: ShortText
    kind: Literal["COMPANY", "PERSON"]
    id_number: ShortText = Field(description="统一社会信用代码 or identity card number.")


class Me(Strict):
    account_id: ShortText
    username: ShortText
    display_name: ShortText
    roles: tuple[RoleName, ...]


class EnrolKey(Strict):
    """A public key made in the browser: SPKI DER in lowercase hex, P-256 or Ed25519."""

    public_key: Hex


class EnrolledKey(Strict):
    key_id: KeyId
    public_key: Hex
    enrolled_at: Millis


# ── bidder ──────────────────────────────────────────────────────────────────────────────────


class Apply(Strict):
    """`declared`: the applicant has read the announcement and accepts the rules."""

    key_id: KeyId
    declared: Literal[True]


class DepositState(Strict):
    """`code` names the case (PENDING, SHORT, PAID, LATE, PAYER_MISMATCH, …); `cure` what to do."""

    sub_account: ShortText
    bank_name: ShortText
    payee_name: ShortText
    payer_name: ShortText
    currency: Name
    required_fen: AmountFen
    paid_fen: AmountFen
    deadline: Millis
    code: Name
    cause: str
    cure: str
    last_bank_contact_at: Millis | None = None


class RefundState(Strict):
    amount_fen: AmountFen
    currency: Name
    state: Literal["ORDERED", "SENT", "PAID", "FAILED"]
    ordered_at: Millis
    bank_reference: str | None = None


class Application(Strict):
    """`state`: SUBMITTED, SUPPLEMENT_REQUESTED, ACCEPTED, REFUSED, ADMITTED, LAPSED, REVOKED.

    `reason`: why it was refused or revoked.
    """

    application_id: ShortText
    lot: LotCard
    state: Name
    reason: str | None = None
    submitted_at: Millis
    decided_at: Millis | None = None
    deposit: DepositState | None = None
    bidder_no: BidderNo | None = None
    key_ids: tuple[KeyId, ...]
    refund: RefundState | None = None


class UseKey(Strict):
    """Enrols one more of the bidder's keys (another device) for this lot."""

    key_id: KeyId


# ── office ──────────────────────────────────────────────────────────────────────────────────


class Parcel(Strict):
    """A parcel of the land bank: real published facts; sums as announced, if announced."""

    parcel_id: ShortText
    facts: ParcelFacts
    method: Name | None = None
    starting_price_fen: AmountFen | None = None
    increment_fen: AmountFen | None = None
    deposit_fen: AmountFen | None = None
    source: str


class DraftIn(Strict):
    lot_id: LotId
    parcel_id: ShortText
    parcel: ParcelFacts
    rules: RuleSet
    timetable: Timetable
    documents: tuple[Document, ...] = ()


class SealReserveIn(Strict):
    """A reserve, or that there is none, encrypted in the browser under two halves of a key.

    The service gets the hash of each half and no half. `second`: another official, who signs in
    for this one act and takes the second half away.
    """

    commitment: Hex32
    nonce: Annotated[str, Field(pattern=r"^[0-9a-f]{24}$")]
    ciphertext: Annotated[str, Field(pattern=r"^[0-9a-f]{288}$")]
    half_hashes: Annotated[tuple[Hex32, ...], Field(min_length=2, max_length=2)]
    second: SignIn


class ReserveSeal(Strict):
    """`holders`: pseudonyms of who holds the first half and who holds the second."""

    commitment: Hex32
    sealed_at: Millis
    holders: Annotated[tuple[Official, ...], Field(min_length=2, max_length=2)]


class KeptDocument(Strict):
    """A document whose bytes are kept. `size`: bytes."""

    sha256: Hex32
    media_type: ShortText
    size: Whole
    uploaded_at: Millis


class AnnouncedDocument(Strict):
    """A document that a published lot announced.

    `version`: of the last announcement that names it. `size` (bytes) and `media_type` are absent
    while its bytes are not kept.
    """

    name: ShortText
    sha256: Hex32
    version: Whole
    kept: bool
    size: Whole | None = None
    media_type: ShortText | None = None


class Draft(Strict):
    """`state`: DRAFT, SUBMITTED, RELEASED. `reserve`: absent while none is sealed. `kept`: those of
    its documents whose bytes are kept.
    """

    lot_id: LotId
    parcel_id: ShortText
    parcel: ParcelFacts
    rules: RuleSet
    timetable: Timetable
    documents: tuple[Document, ...]
    kept: tuple[KeptDocument, ...] = ()
    reserve: ReserveSeal | None = None
    state: Literal["DRAFT", "SUBMITTED", "RELEASED"]
    version: Whole
    drafted_by: ShortText
    updated_at: Millis


class Finding(Strict):
    rule: Name
    severity: Literal["REFUSE", "WARN"]
    figures: dict[str, int]


class Preflight(Strict):
    findings: tuple[Finding, ...]
    releasable: bool


class Template(Strict):
    """A RuleSet to start from; its prices are zero."""

    name: ShortText
    rules: RuleSet


class OfficeApplication(Strict):
    """What a reviewer may see: the applicant, never the bidder number."""

    application_id: ShortText
    lot_id: LotId
    title: ShortText
    applicant: ShortText
    kind: Literal["COMPANY", "PERSON"]
    id_number: ShortText
    state: Name
    reason: str | None = None
    submitted_at: Millis


class Decision(Strict):
    """`reason` is needed for a refusal."""

    accept: bool
    reason: LongText | None = None


class SuspendIn(Strict):
    action: Literal["SUSPEND"] = "SUSPEND"
    cause: Name
    text: LongText
    emergency: bool = False


class ResumeIn(Strict):
    """The resumption counts as announced when it is requested."""

    action: Literal["RESUME"] = "RESUME"
    timetable: Timetable | None = None


class TerminateIn(Strict):
    action: Literal["TERMINATE"] = "TERMINATE"
    cause: Name
    text: LongText


class ConfirmIn(Strict):
    """Confirms the result; approval also seals the log."""

    action: Literal["CONFIRM"] = "CONFIRM"
    outcome: Literal["CONFIRMED", "UNQUALIFIED"]
    ruling: LongText | None = None


class SealIn(Strict):
    action: Literal["SEAL"] = "SEAL"


ActionIn = Annotated[
    SuspendIn | ResumeIn | TerminateIn | ConfirmIn | SealIn, Field(discriminator="action")
]


RevokeCause = Literal[
    "FALSE_DOCUMENTS", "COLLUSION", "BLOCKED", "DOCUMENTS_MISSING", "NOT_QUALIFIED", "OTHER"
]


class Revocation(Strict):
    """Why an admission is to be taken back. `text`: what the bidder is told."""

    cause: RevokeCause
    text: LongText


class RevokeIn(Strict):
    """Takes the admission of an application back; asked for at the application itself."""

    action: Literal["REVOKE"] = "REVOKE"
    application_id: ShortText
    cause: RevokeCause
    text: LongText


ActionAsked = Annotated[
    SuspendIn | ResumeIn | TerminateIn | ConfirmIn | SealIn | RevokeIn,
    Field(discriminator="action"),
]


class OfficeRequest(Strict):
    """One person's request for an official action, done when another approves it."""

    request_id: ShortText
    lot_id: LotId
    action: ActionAsked
    state: Literal["PENDING", "DONE", "WITHDRAWN", "REFUSED"]
    requested_by: ShortText
    requested_at: Millis
    approved_by: str | None = None
    outcome: str | None = None


class ReserveHalfIn(Strict):
    """One half of the reserve's key: 32 bytes of lowercase hex."""

    half: Hex32


class ReserveWait(Strict):
    """A sale in CLOSING that waits for the two halves which open its reserve.

    `given`: how many are in. `yours`: whether the half of the official who asks is in; absent when
    he holds none. `late`: the RuleSet's `reserve_window_min` is over, which is said and changes
    nothing. `broken`: why the two halves, both in, do not open what was sealed.
    """

    given: Whole
    holders: Annotated[tuple[Official, ...], Field(min_length=2, max_length=2)]
    yours: Literal["WAITED_FOR", "GIVEN"] | None = None
    due_at: Millis
    late: bool
    broken: Name | None = None


class OfficeLot(Strict):
    """A row of the console: no identities, no head count before the end."""

    lot_id: LotId
    title: ShortText
    method: Name
    state: LotFields
    timetable: Timetable
    bidding_path_proved_to: Millis | None = None
    reserve_wait: ReserveWait | None = None


class DepositLine(Strict):
    """One bank notice and what became of it."""

    bank_serial: ShortText
    account: ShortText
    bank_time: Millis
    received_at: Millis
    currency: Name
    amount_fen: SignedFen
    payer_name: ShortText
    code: Name
    application_id: str | None = None
    lot_id: str | None = None


class RefundOrder(Strict):
    refund_id: ShortText
    lot_id: LotId
    application_id: ShortText
    to_account: ShortText
    to_name: ShortText
    currency: Name
    amount_fen: AmountFen
    state: Literal["ORDERED", "SENT", "PAID", "FAILED"]
    ordered_at: Millis
    due_at: Millis
    bank_reference: str | None = None


class RefundResult(Strict):
    state: Literal["SENT", "PAID", "FAILED"]
    bank_reference: ShortText


# ── bank ────────────────────────────────────────────────────────────────────────────────────


class BankNotice(Strict):
    """A credit as the bank tells it. `bank_time` is the legal time, not the notice's arrival.

    Signed: header `Luochui-Bank-Signature: t=<ms>,v1=<hex HMAC-SHA256 of "<t>." + body>`.
    """

    account: ShortText
    bank_time: Millis
    amount_fen: SignedFen
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    bank_serial: ShortText
    payer_name: ShortText
    payer_account: ShortText


class BankAnswer(Strict):
    """`duplicate`: this serial was credited before and is only acknowledged again."""

    bank_serial: ShortText
    code: Name
    duplicate: bool


# ── heads ───────────────────────────────────────────────────────────────────────────────────


class ConsistencyProof(Strict):
    """That the log of `from` entries is a prefix of the one of `to`, after RFC 6962 §2.1.2.

    proof: hashes of 32 bytes, base64. checkpoint: the signed note at `to`, cosignatures included.
    """

    log: ShortText
    from_size: Whole = Field(alias="from")
    to_size: Whole = Field(alias="to")
    proof: tuple[str, ...]
    checkpoint: str


class WitnessMark(Strict):
    """What one witness is known to hold of a log. `newest`: whether that is its present head; `at`:
    when it last signed; `said`: why not now. `size` and `at` are absent where the log's size is."""

    witness: str
    size: Whole | None = None
    newest: bool
    at: Millis | None = None
    said: str | None = None
    tries: Whole


class PendingStamp(Strict):
    """A head that still waits for its timestamp; `said`: why."""

    size: Whole
    moments: tuple[ShortText, ...]
    wanted_at: Millis
    tries: Whole
    said: str | None = None


class LogAnchors(Strict):
    """What outsiders say of one log. `quorum_size`: its newest head with the policy's quorum, 0
    while there is none, absent without a policy; `quorum_newest`: whether that is the present one.
    `halted`: why this process signs it no more. The sizes of the house log are absent while a lot
    is running: they would count its admissions and deposits."""

    log: ShortText
    size: Whole | None = None
    quorum_size: Whole | None = None
    quorum_newest: bool | None = None
    witnesses: tuple[WitnessMark, ...]
    stamped: Whole
    stamps_pending: tuple[PendingStamp, ...]
    halted: str | None = None


# ── supervision ─────────────────────────────────────────────────────────────────────────────


class HouseLine(Strict):
    """A house-log entry. `seq` is absent where an entry before it may be withheld."""

    seq: Seq | None = None
    at: Millis
    command: HouseCommand


class HousePage(Page[HouseLine]):
    """The newest first. `withheld`: lots run whose roll is sealed, and what would tell who takes
    part in them, or how many, is left out until their rolls are opened."""

    withheld: bool


class LookLine(Strict):
    """Someone looked at sealed data: who (pseudonym), at which field of what, why, when."""

    seq: Seq | None = None
    at: Millis
    official: Official
    subject: ShortText
    field: ShortText
    reason: ShortText


class LookPage(Page[LookLine]):
    """The newest first; `withheld` as in the house log."""

    withheld: bool


class OpenedIdentity(Strict):
    """What opens one identity commitment of a roll; without `salt` it was destroyed after its term.

    The committed value is {id_number, kind, name} (the bid-log specification, §5).
    """

    bidder_no: BidderNo
    commitment: Hex32
    name: ShortText | None = None
    kind: Literal["COMPANY", "PERSON"] | None = None
    id_number: ShortText | None = None
    salt: Hex32 | None = None


class IdentityFinding(Strict):
    """What the supervisor found when he compared the openings with the roll."""

    outcome: Literal["FITS", "DIFFERS"]


class IdentityCheck(IdentityFinding):
    """`seq`: the house-log entry that says so; absent as in the house log's list."""

    at: Millis
    seq: Seq | None = None


class LotIdentities(Strict):
    """`log`: the origin that the commitments name. `check`: as last recorded."""

    lot_id: LotId
    log: ShortText
    items: tuple[OpenedIdentity, ...]
    check: IdentityCheck | None = None


class WinnerOpening(Strict):
    """The winner's identity commitment, opened as far as the public may check it.

    A company's is opened whole. A natural person's number and salt stay sealed: with the salt the
    number could be found by trying. For a person `check` tells what the supervising authority, to
    whom the whole opening is open, has found.
    """

    lot_id: LotId
    log: ShortText
    bidder_no: BidderNo
    commitment: Hex32
    name: ShortText
    kind: Literal["COMPANY", "PERSON"]
    id_number: ShortText | None = None
    salt: Hex32 | None = None
    check: IdentityCheck | None = None


class CheckResult(Strict):
    """One numbered check of the verifier."""

    number: Whole
    name: ShortText
    status: Literal["HELD", "FAILED", "NOT_APPLICABLE"]
    counted: Whole
    detail: str | None = None
    first_seq: Seq | None = None
    expected: str | None = None
    found: str | None = None


class VerifyReport(Strict):
    """What `luochui verify --json` prints. exit_code: 0 all hold, 1 a check fails, 2 unreadable."""

    pack: str
    log: str | None = None
    entries: Whole
    root: Hex32 | None = None
    winner_no: BidderNo | None = None
    amount_fen: AmountFen | None = None
    outcome: str | None = None
    exit_code: Literal[0, 1, 2]
    checks: tuple[CheckResult, ...]
    error: str | None = None
