"""A simulated bank: credits sub-accounts and tells the service by signed notices."""

import hashlib
import hmac
import json
import secrets
from typing import Any

import httpx2

from service.demo.client import TIMEOUT_S, Refused


class Bank:
    """Owns its HTTP connection; `now_ms` is the bank's own clock."""

    def __init__(self, base_url: str, secret: str, now_ms: Any) -> None:
        self._http = httpx2.AsyncClient(base_url=base_url, timeout=TIMEOUT_S, trust_env=False)
        self._secret = secret
        self._now_ms = now_ms

    async def credit(
        self, *, account: str, amount_fen: int, currency: str, payer_name: str
    ) -> dict[str, Any]:
        """One credit, told once; returns the service's answer."""
        return await self.tell(
            {
                "account": account,
                "amount_fen": amount_fen,
                "bank_serial": f"B{secrets.token_hex(8).upper()}",
                "bank_time": self._now_ms(),
                "currency": currency,
                "payer_account": f"62{secrets.randbelow(10**14):014d}",
                "payer_name": payer_name,
            }
        )

    async def tell(self, notice: dict[str, Any]) -> dict[str, Any]:
        """Send one signed notice."""
        body = json.dumps(notice, ensure_ascii=False).encode()
        headers = {
            "Content-Type": "application/json",
            "Luochui-Bank-Signature": sign(self._secret, self._now_ms(), body),
        }
        response = await self._http.post("/api/bank/notices", content=body, headers=headers)
        if not response.is_success:
            raise Refused(response.status_code, response.json())
        answer: dict[str, Any] = response.json()
        return answer

    async def aclose(self) -> None:
        await self._http.aclose()


def sign(secret: str, at_ms: int, body: bytes) -> str:
    """The notice's signature header: HMAC-SHA256 over "<ms>." and the body."""
    mac = hmac.new(secret.encode(), f"{at_ms}.".encode() + body, hashlib.sha256)
    return f"t={at_ms},v1={mac.hexdigest()}"
