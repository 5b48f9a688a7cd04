"""The service as a relay sees it: one snapshot call, and its time beside every answer."""

from types import TracebackType

import httpx2
from prometheus_client import Counter
from pydantic import TypeAdapter, ValidationError

from schemas import live
from service import clock as machine
from service.api.doors import TIME_HEADER
from service.relay.clock import RelayClock

CALL_S = 2.0
"""Longest wait for an answer: a client calls a silent screen unknown after four."""
CALLS_AT_ONCE = 16
ANSWER_BYTES = 1_048_576

CALLS = Counter("luochui_relay_calls_total", "Snapshot calls to the service.", ("outcome",))
_ANSWER: TypeAdapter[live.Snapshot | live.Update] = TypeAdapter(live.Snapshot | live.Update)


class UpstreamGone(Exception):
    """The service does not answer, or not in a way that this relay understands."""


class Upstream:
    """Owns the connections to the service at `base_url`; keeps the relay's clock right."""

    def __init__(self, base_url: str, clock: RelayClock) -> None:
        self._clock = clock
        limits = httpx2.Limits(max_connections=CALLS_AT_ONCE)
        self._http = httpx2.AsyncClient(
            base_url=base_url.rstrip("/"), timeout=CALL_S, limits=limits, trust_env=False
        )
        self._heard_ms: int | None = None

    async def __aenter__(self) -> "Upstream":
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._http.aclose()

    def silent_ms(self) -> int | None:
        """Since its last good answer; None while there was none."""
        return None if self._heard_ms is None else self._clock.monotonic_ms() - self._heard_ms

    async def ask(self, lot_id: str, after_seq: int | None) -> live.Snapshot | live.Update | None:
        """What everyone is shown of the lot now; None when there is no such lot."""
        asked = {} if after_seq is None else {"after_seq": after_seq}
        response = await self._get(f"/api/lots/{lot_id}/live", asked)
        if response.status_code == httpx2.codes.NOT_FOUND:
            self._heard_ms = self._clock.monotonic_ms()
            return None
        if response.status_code != httpx2.codes.OK or len(response.content) > ANSWER_BYTES:
            CALLS.labels("refused").inc()
            raise UpstreamGone(f"the service answered {response.status_code}")
        try:
            # What a newer service says beside is not for this relay.
            found = _ANSWER.validate_json(response.content, extra="ignore")
        except ValidationError as error:
            CALLS.labels("unreadable").inc()
            raise UpstreamGone("the service's answer is not what was promised") from error
        CALLS.labels("answered").inc()
        self._heard_ms = self._clock.monotonic_ms()
        return found

    async def knock(self) -> None:
        """Whether the service is there, while no lot asks. Raises UpstreamGone."""
        response = await self._get("/health/live", {})
        if response.status_code != httpx2.codes.OK:
            raise UpstreamGone(f"the service answered {response.status_code}")
        self._heard_ms = self._clock.monotonic_ms()

    async def _get(self, path: str, asked: dict[str, int]) -> httpx2.Response:
        before_us = machine.monotonic_us()
        try:
            response = await self._http.get(path, params=asked)
        except httpx2.HTTPError as error:
            CALLS.labels("gone").inc()
            raise UpstreamGone(f"the service does not answer ({error!r})") from error
        said = response.headers.get(TIME_HEADER, "")
        if said.isascii() and said.isdigit() and len(said) <= 15:
            self._clock.take(before_us, machine.monotonic_us(), int(said))
        return response
