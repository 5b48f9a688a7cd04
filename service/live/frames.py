"""Frames for the audience: one JSON text and one WebSocket frame, made once for everybody."""

from dataclasses import dataclass

from schemas import live
from schemas.base import Strict
from schemas.problem import ProblemCode
from service.rules import messages as m

_TEXT = 0x81  # RFC 6455 §5.2: FIN and opcode 1; a server never masks (§5.1)
_SHORT, _MEDIUM = 126, 1 << 16
_SILENT = (m.BidAccepted, m.BidRefused)
"""Events of which nobody is told beside the new state; nearly all are these."""

DETAILS = {
    ProblemCode.MALFORMED: "the frame does not have the promised form",
    ProblemCode.TOO_LARGE: "the frame is larger than allowed",
    ProblemCode.UNKNOWN_TYPE: "no frame of this type is known",
    ProblemCode.RATE_LIMITED: "more than the promised rate; slow down",
    ProblemCode.NOT_ADMITTED: "not admitted to this lot",
    ProblemCode.UNKNOWN_KEY: "this key is not enrolled for this lot",
    ProblemCode.BAD_SIGNATURE: "the signature does not fit this bid and key",
    ProblemCode.BID_ID_REUSED: "this bid_id was used for another bid",
    ProblemCode.UNKNOWN_BID: "no such bid of yours is decided; it may be sent again",
    ProblemCode.NOT_YET_CONFIRMED: "not yet confirmed; ask bid_status for this bid_id",
    ProblemCode.BUSY: "too much is waiting; nothing was decided, send it again",
    ProblemCode.CLOCK_UNSURE: "the time is not certain enough to decide; nothing was decided",
    ProblemCode.UNAVAILABLE: "the log cannot be written now; nothing was decided, send it again",
    ProblemCode.REFUSED_BY_RULES: "refused by the rules",
}


@dataclass(frozen=True, slots=True)
class Prepared:
    """text: UTF-8 JSON. wire: the same as one unmasked WebSocket text frame.

    bid_id: of a receipt, whose bytes anybody can make again from the log.
    """

    text: bytes
    wire: bytes
    bid_id: str | None = None


def prepare(frame: Strict) -> Prepared:
    """Encodes a server frame; absent fields are left out."""
    text = frame.model_dump_json(by_alias=True, exclude_none=True).encode()
    bid_id = frame.bid_id if isinstance(frame, live.Receipt) else None
    return Prepared(text, _header(len(text)) + text, bid_id)


def _header(length: int) -> bytes:
    if length < _SHORT:
        return bytes((_TEXT, length))
    if length < _MEDIUM:
        return bytes((_TEXT, 126)) + length.to_bytes(2, "big")
    return bytes((_TEXT, 127)) + length.to_bytes(8, "big")


def problem(
    code: ProblemCode, bid_id: str | None = None, detail: str | None = None
) -> live.Problem:
    """The named problem with its plain sentence."""
    return live.Problem(code=code, detail=detail or DETAILS[code], bid_id=bid_id)


def notices(command: m.Command, events: tuple[m.Event, ...], at: int) -> tuple[live.Notice, ...]:
    """What everybody is told of an entry beside the new state. Names no bidder."""
    if len(events) == 1 and isinstance(events[0], _SILENT):
        return ()
    told = (_notice(command, event) for event in events)
    return tuple(live.Notice(code=t[0], at=at, params=_present(t[1])) for t in told if t)


_Params = dict[str, str | int | None]


def _notice(command: m.Command, event: m.Event) -> tuple[str, _Params] | None:
    text = command.text if isinstance(command, m.Suspend | m.Terminate | m.SupplementLot) else None
    match event:
        case m.StageChanged():
            stages: _Params = {"from": event.origin.value, "to": event.to.value}
            return "STAGE", {**stages, "closes_at": event.closes_at}
        case m.Suspended():
            return "SUSPENDED", {"cause": event.cause.value, "text": text}
        case m.Interrupted():
            assert isinstance(command, m.Interrupt)
            gap: _Params = {"from": event.gap_from, "to": event.gap_to}
            return "INTERRUPTED", {
                "cause": command.cause.value,
                **gap,
                "resumes_at": event.resumes_at,
            }
        case m.ResultDisputed():
            # Whose bid it was stays out: everybody reads this.
            return "SUSPENDED", {"cause": m.SuspendCause.RESULT_DISPUTED.value}
        case m.Resumed():
            return "RESUMED", {"closes_at": event.closes_at}
        case m.LotTerminated():
            assert isinstance(command, m.Terminate)
            return "TERMINATED", {"cause": command.cause.value, "text": text}
        case m.LotSupplemented():
            return "SUPPLEMENTED", {"version": event.version, "text": text}
        case _:
            return None


def _present(params: _Params) -> dict[str, str | int]:
    return {name: value for name, value in params.items() if value is not None}
