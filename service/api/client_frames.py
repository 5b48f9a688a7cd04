"""What a client said: one strict frame, or the problem that names what is wrong with it."""

import json
import re
from contextlib import suppress

from pydantic import TypeAdapter, ValidationError

from schemas import live
from schemas.problem import ProblemCode
from service.api.doors import check_json
from service.live.frames import problem

_BID_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ORDINARY_BID = re.compile(
    r'\{"type":"place_bid","bid_id":"[0-9a-f-]*","amount_fen":[0-9]{1,16},"seen_seq":[0-9]{1,16},'
    r'"jump_confirmed":(?:true|false),"key_id":"[0-9a-f]*","signature":"[A-Za-z0-9+/=]*"\}'
)
"""A bid as our own client writes it. Each name stands once and no text has an escape, so that
`check_json`, dearer than all else that is read here, can find nothing."""
_CLIENT_FRAME: TypeAdapter[live.ClientFrame] = TypeAdapter(live.ClientFrame)


def read_frame(text: str | None, frame_bytes: int) -> live.ClientFrame | live.Problem:
    """text: None for a binary frame. frame_bytes: the bound that clients are promised."""
    if text is None:
        return problem(ProblemCode.MALFORMED, detail="text frames only")
    if len(text.encode()) > frame_bytes:
        return problem(ProblemCode.TOO_LARGE)
    try:
        if not _ORDINARY_BID.fullmatch(text):
            check_json(text)
        return _CLIENT_FRAME.validate_json(text)
    except ValidationError as error:
        return _malformed(error, text)
    except (ValueError, RecursionError):
        return problem(ProblemCode.MALFORMED, bid_id_in(text), "frame: json_invalid")


def _malformed(error: ValidationError, text: str) -> live.Problem:
    """Names the first thing that is wrong; never repeats the client's own text."""
    first = error.errors(include_input=False, include_url=False)[0]
    code = ProblemCode.MALFORMED
    if first["type"] == "union_tag_invalid":
        code = ProblemCode.UNKNOWN_TYPE
    where = ".".join(str(part)[:40] for part in first["loc"]) or "frame"
    detail = None if code is ProblemCode.UNKNOWN_TYPE else f"{where}: {first['type']}"
    return problem(code, bid_id_in(text), detail)


def bid_id_in(text: str | None) -> str | None:
    """The bid_id of a frame that is refused, so that the client knows which bid it was."""
    if text is None or "bid_id" not in text:
        return None
    with suppress(ValueError, RecursionError):
        frame = json.loads(text)
        bid_id = frame.get("bid_id") if isinstance(frame, dict) else None
        if isinstance(bid_id, str) and _BID_ID.fullmatch(bid_id):
            return bid_id
    return None
