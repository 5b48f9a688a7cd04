"""Three witnesses of the demonstration, real ones with stores of their own, in the same process.

In earnest each is another authority's machine; here they show what a quorum does.
"""

import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from service.audit.cosignatures import CosigningKey
from service.audit.keys import read_text
from service.audit.policy import Witness, read_policy
from service.witness.config import Config, LogSite
from service.witness.serve import new_key, policy_line, running

NAMES = ("supervisor", "notary", "association")
QUORUM = 2


@dataclass(frozen=True, slots=True)
class Council:
    """Where a demonstration's witnesses keep what is theirs."""

    folder: Path

    @property
    def policy(self) -> Path:
        return self.folder / "witness-policy.txt"

    def prepare(self, site: str) -> None:
        """Keys, addresses and the policy, made at the first start and kept: a policy that changes
        would have to be recorded in the house log."""
        if self.policy.exists():
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        lines = []
        for name, port in zip(NAMES, _free_ports(len(NAMES)), strict=True):
            key = new_key(f"{name}.{site}", self._key(name))
            lines.append(f"{policy_line(key)} http://127.0.0.1:{port}")
        names = " ".join(f"{name}.{site}" for name in NAMES)
        lines += [f"group two-of-three {QUORUM} {names}", "quorum two-of-three", ""]
        self.policy.write_text("\n".join(lines), encoding="utf-8")

    @asynccontextmanager
    async def sitting(self, site: str, vkey: str) -> AsyncIterator[None]:
        """The witnesses answer while the body runs; raises the witness's CannotStart."""
        policy = read_policy(self.policy.read_bytes())
        async with AsyncExitStack() as stack:
            for name, witness in zip(NAMES, policy.witnesses, strict=True):
                await stack.enter_async_context(running(self._config(name, witness, site, vkey)))
            yield

    def _config(self, name: str, witness: Witness, site: str, vkey: str) -> Config:
        assert witness.url is not None, "the policy was made here, with addresses"
        key = CosigningKey.from_text(read_text(self._key(name)))
        return Config(
            name=key.name,
            key_file=self._key(name),
            store=self.folder / f"{name}.sqlite",
            listen=witness.url.removeprefix("http://"),
            log=(LogSite(site=site, vkeys=(vkey,)),),
        )

    def _key(self, name: str) -> Path:
        return self.folder / f"{name}.key"


def _free_ports(count: int) -> list[int]:
    """Ports that are free now, all different."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()
