"""The topology of docker-compose.yml without containers: the committed proxy before two processes,
a primary and its synchronous standby behind them."""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import ssl
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPSConnection
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from bench import ground
from bench.ground import Person
from service.store.programs import Account, account_for, make_public_folder
from tests.crash.clients import ANSWER_S, Bid, Bidder, Market
from tests.crash.serving import DATABASE, Server, prepare, served, wait_until_listing
from tests.replicas import Pair, own_port, replicated, until

CADDYFILE = Path(__file__).parents[2] / "deploy" / "Caddyfile"
LOT = "topology-001"
BIDDERS = 6
DRAIN_MS = 1_500
RESTART = 1012


@dataclass(slots=True)
class Proxy:
    """Caddy with the committed file, as an ordinary user."""

    port: int
    http_port: int
    data: Path
    trust: ssl.SSLContext

    @property
    def origin(self) -> str:
        return f"https://{ground.SITE}:{self.port}"

    def ask(self, method: str, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of one request over TLS."""
        line = _Https(self)
        with contextlib.closing(line):
            line.request(method, path, headers={"Host": f"{ground.SITE}:{self.port}", **headers})
            answer = line.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()

    def serves(self) -> bool:
        try:
            return self.ask("GET", "/api/site")[0] == 200
        except OSError:
            return False

    def socket(self, lot_id: str, cookie: str = "", **more: Any) -> Any:
        """A live channel through the proxy, by websockets' own client."""
        headers = {"Cookie": cookie} if cookie else {}
        given: dict[str, Any] = {
            "host": "127.0.0.1",
            "port": self.port,
            "ssl": self.trust,
            "server_hostname": ground.SITE,
            "origin": self.origin,
            "subprotocols": ["luochui.v1"],
            "compression": None,
            "max_queue": None,
            "proxy": None,
            **more,
            "additional_headers": {**headers, **more.get("additional_headers", {})},
        }
        return connect(f"wss://{ground.SITE}:{self.port}/ws/lots/{lot_id}", **given)


class _Https(HTTPSConnection):
    """To loopback, by the site's name."""

    def __init__(self, proxy: Proxy) -> None:
        super().__init__(ground.SITE, proxy.port, context=proxy.trust, timeout=20)
        self._proxy = proxy

    def connect(self) -> None:
        import socket

        bare = socket.create_connection(("127.0.0.1", self._proxy.port), 20)
        self.sock = self._proxy.trust.wrap_socket(bare, server_hostname=ground.SITE)


class ProxiedBidder(Bidder):
    """Bids over WSS through the proxy. `closed`: the codes that his sockets were closed with."""

    def __init__(self, person: Person, proxy: Proxy, market: Market, seed: int) -> None:
        super().__init__(person, [proxy.port], market, seed, by_post=False)
        self._proxy, self._who = proxy, person
        self._channel: ClientConnection | None = None
        self._partings: list[asyncio.Task[None]] = []
        self.closed: list[int | None] = []

    async def _ask(self, bid: Bid, *, placing: bool) -> dict[str, object]:
        said = bid.body if placing else {"bid_id": bid.bid_id}
        kind = "place_bid" if placing else "bid_status"
        try:
            async with asyncio.timeout(ANSWER_S):
                if self._channel is None:
                    self._channel = await self._proxy.socket(self._who.lot_id, self._who.cookie)
                await self._channel.send(json.dumps({"type": kind, **said}))
                return await self._about(self._channel, bid.bid_id)
        except ConnectionClosed as error:
            self.closed.append(error.rcvd.code if error.rcvd else None)
            self._channel = None
            raise ConnectionError("closed") from error
        except InvalidHandshake as error:
            raise ConnectionError("no process") from error

    async def _about(self, channel: ClientConnection, bid_id: str) -> dict[str, object]:
        while True:
            frame: dict[str, object] = json.loads(await channel.recv())
            if frame["type"] in ("receipt", "problem") and frame.get("bid_id") == bid_id:
                return frame

    async def bid_until(self, stop: asyncio.Event) -> None:
        """As he does; then he says goodbye, or the service would think that he was cut off."""
        await super().bid_until(stop)
        await asyncio.gather(*self._partings)

    def _hang_up(self) -> None:
        if self._channel is not None:
            self._partings.append(asyncio.create_task(self._channel.close()))
        self._channel = None


@dataclass(slots=True)
class Topology:
    pair: Pair
    servers: Sequence[Server]
    proxy: Proxy
    people: list[Person]

    def bidders(self, seed: int) -> list[ProxiedBidder]:
        market = Market()
        return [
            ProxiedBidder(person, self.proxy, market, seed * 101 + place)
            for place, person in enumerate(self.people)
        ]


@contextmanager
def topology(folder: Path) -> Iterator[Topology]:
    """Everything up and the lot open; `folder` must be open to other accounts."""
    with replicated(folder, synchronous=True) as pair:
        prepare(pair.primary)
        url = pair.url(DATABASE)
        people = asyncio.run(ground.sales(url, [LOT], BIDDERS))
        settings = {"trusted_proxies": '["127.0.0.1"]', "drain_ms": DRAIN_MS}
        servers = [Server(url, folder / f"app{n}.log", settings=settings) for n in (1, 2)]
        with served(servers), proxied(folder, [server.port for server in servers]) as proxy:
            wait_until_listing(servers[0].port, [LOT])
            yield Topology(pair, servers, proxy, people)


@contextmanager
def proxied(folder: Path, upstreams: Sequence[int]) -> Iterator[Proxy]:
    """Caddy before these ports, until the end; its file is the one that is committed."""
    account = account_for(folder / "none")
    home = _home(folder / "proxy", account)
    port, http_port = own_port(), own_port()
    child = _started(home, account, port, http_port, upstreams)
    try:
        root = home / "data" / "pki" / "authorities" / "local" / "root.crt"
        until(lambda: _is_whole(root), f"no certificate: {(home / 'log').read_text()[-2000:]}")
        proxy = Proxy(port, http_port, home, ssl.create_default_context(cafile=str(root)))
        until(proxy.serves, f"the proxy does not serve: {(home / 'log').read_text()[-2000:]}")
        yield proxy
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGTERM)
        try:
            child.wait(20)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _is_whole(certificate: Path) -> bool:
    """The file is there before all of it is written."""
    return certificate.exists() and b"-----END CERTIFICATE-----" in certificate.read_bytes()


def _home(home: Path, account: Account) -> Path:
    make_public_folder(home)
    shutil.copy(CADDYFILE, home / "Caddyfile")
    (home / "Caddyfile").chmod(0o644)
    shutil.chown(home, account.uid, account.gid)
    return home


def _started(
    home: Path, account: Account, port: int, http_port: int, upstreams: Sequence[int]
) -> "subprocess.Popen[bytes]":
    caddy = shutil.which("caddy")
    assert caddy, "the deployment tests need Caddy: apt-get install caddy"
    env = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(home),
        "CADDY_ADMIN": "off",
        "LUOCHUI_SITE": ground.SITE,
        "LUOCHUI_TLS": "internal",
        "LUOCHUI_UPSTREAMS": " ".join(f"127.0.0.1:{upstream}" for upstream in upstreams),
        "LUOCHUI_PROXY_DATA": str(home / "data"),
        "LUOCHUI_HTTPS_PORT": str(port),
        "LUOCHUI_HTTP_PORT": str(http_port),
    }
    command = [caddy, "run", "--config", str(home / "Caddyfile"), "--adapter", "caddyfile"]
    with (home / "log").open("wb") as said:
        return subprocess.Popen(
            command, cwd=home, env=env, stdin=subprocess.DEVNULL, stdout=said, stderr=said,
            start_new_session=True, **account.run_as(),
        )  # fmt: skip


def figure(server: Server, name: str) -> float:
    """The sum of one metric of a process, over all its labels."""
    text = _get(server, "/metrics")[1].decode()
    lines = (line for line in text.splitlines() if line.startswith(name))
    return sum(float(line.rpartition(" ")[2]) for line in lines)


def ready(server: Server) -> tuple[int, Any]:
    """What the process itself says to the proxy."""
    status, body = _get(server, "/health/ready")
    return status, json.loads(body)


def _get(server: Server, path: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{server.port}{path}", timeout=5) as answer:
            return int(answer.status), answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
