"""Starts the demonstration: PostgreSQL, migrations, accounts, the service, the play, one screen."""

import asyncio
import json
import logging
import os
import secrets
import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import structlog
from pydantic import SecretStr
from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from service import clock
from service.audit import keys
from service.audit.verifier import verify_files
from service.demo.bank import Bank
from service.demo.client import Person
from service.demo.council import Council
from service.demo.office import OFFICIALS, Office
from service.demo.play import (
    Stage,
    UnpaidDeposit,
    clerk,
    keep_alive,
    play_script,
    unattended_scripts,
)
from service.desk.ports import Desk
from service.main import Running, log_key, opened, serving
from service.rules.terms import Method
from service.settings import Settings
from service.store import accounts, applications, deposits, lots, vault
from service.store.embedded import RunningPostgres, create_database, erase_postgres, start_postgres
from service.store.migrate import upgrade

DATABASE = "luochui"
POLICY = "witness-policy.txt"
SITE = "demo.luochui.example"
VISITORS = ("bidder", "bidder2")
SIMULATED = ("robot1", "robot2", "robot3")
COMPANIES = {
    "bidder": "沧州示范置业有限公司",
    "bidder2": "黄骅体验实业有限公司",
    "robot1": "模拟竞买人甲有限公司",
    "robot2": "模拟竞买人乙有限公司",
    "robot3": "模拟竞买人丙有限公司",
}
OPEN_LOTS = 20
"""The newest lots that the simulated bank looks at."""
PAY_AFTER_S = 2.0
PAUSE_BETWEEN_SALES_S = 25.0

Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class DemoOptions:
    data_dir: Path
    host: str
    port: int
    fresh: bool = False


@dataclass(frozen=True)
class Demo:
    """A running demonstration. `password` is the same for every demo account of this folder."""

    running: Running
    stage: Stage
    base_url: str
    password: str


def default_data_dir() -> Path:
    """Where the demonstration keeps its data unless told otherwise."""
    home = os.environ.get("XDG_DATA_HOME")
    return (Path(home) if home else Path.home() / ".local" / "share") / "luochui" / "demo"


# ── the two ways to run it ──────────────────────────────────────────────────────────────────


async def run_demo(options: DemoOptions, out: Console) -> None:
    """For a visitor: until Ctrl-C."""
    async with _demo(options, out.print, VISITORS) as demo:
        parcels = await _sellable_parcels(demo.stage.office)
        playing = [
            asyncio.create_task(clerk(demo.stage, PAY_AFTER_S)),
            *(
                asyncio.create_task(keep_alive(demo.stage, method, parcels, PAUSE_BETWEEN_SALES_S))
                for method in Method
            ),
        ]
        _print_screen(out, demo)
        stopping = asyncio.create_task(demo.running.stopping.wait())
        await asyncio.wait([stopping, *playing], return_when=asyncio.FIRST_COMPLETED)
        await _end(playing)
        for task in playing:
            if task.done() and not task.cancelled() and task.exception() is not None:
                out.print(f"The play stopped: {task.exception()!r}", style="bold red")
        out.print("Stopping; the next start goes on with the same data.")


async def run_unattended(options: DemoOptions, out_dir: Path, out: Console) -> int:
    """Four sales without a person; packs and key in `out_dir`. 0 when every pack verifies."""
    # Its own folder, always new: the visitor's demonstration is left as it is.
    fresh = replace(options, data_dir=options.data_dir / "unattended", fresh=True)
    async with _demo(fresh, out.print) as demo:
        parcels = await _sellable_parcels(demo.stage.office)
        scripts = unattended_scripts(parcels)
        helping = asyncio.create_task(clerk(demo.stage, 0))
        played = await asyncio.gather(
            *(play_script(demo.stage, script) for script in scripts), return_exceptions=True
        )
        await _end([helping])
        for script, wrong in zip(scripts, played, strict=True):
            if isinstance(wrong, BaseException):
                out.print(f"{script.plan.lot_id}: {wrong}", style="bold red")
                return 1
        supervisor = demo.stage.office["supervisor"]
        for script in scripts:
            lot_id = script.plan.lot_id
            pack = await supervisor.get_bytes(f"/api/supervision/lots/{lot_id}/export")
            (out_dir / f"{lot_id}.zip").write_bytes(pack)
        key_text = demo.running.parts.signer.verifying.to_text()
        (out_dir / "log.vkey").write_text(key_text + "\n", encoding="utf-8")
        shutil.copyfile(council_of(fresh.data_dir).policy, out_dir / POLICY)
    return _verify_all([out_dir / f"{s.plan.lot_id}.zip" for s in scripts], out_dir, out)


def _verify_all(packs: list[Path], out_dir: Path, out: Console) -> int:
    worst = 0
    table = Table("pack", "entries", "result", "checks")
    for pack in packs:
        report = verify_files(pack, out_dir / "log.vkey", out_dir / POLICY)
        failed = [f"{c.number} {c.name}" for c in report.checks if c.status == "FAILED"]
        verdict = "all hold" if report.exit_code == 0 else ", ".join(failed) or str(report.error)
        table.add_row(pack.name, f"{report.entries:,}", report.outcome or "–", verdict)
        worst = max(worst, report.exit_code)
    out.print(table)
    return worst


# ── what both stand on ──────────────────────────────────────────────────────────────────────


@asynccontextmanager
async def _demo(
    options: DemoOptions, say: Say, visitors: Sequence[str] = ()
) -> AsyncIterator[Demo]:
    # A visitor's screen is for the sales; what goes wrong still comes through.
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%Y-%m-%d %H:%M:%S", utc=False),
            # The default writes every frame's variables, keys and reserves among them.
            structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
        ],
    )
    if options.fresh:
        _erase(options.data_dir)
    say("Starting PostgreSQL …")
    options.data_dir.mkdir(parents=True, exist_ok=True)
    postgres = await asyncio.to_thread(
        start_postgres, options.data_dir / "postgres", bin_dir=Settings().postgres_bin
    )
    try:
        settings = await _prepare(options, postgres, say)
        (options.data_dir / "database-url").write_text(postgres.app_url(DATABASE), encoding="utf-8")
        vkey = log_key(settings).verifying.to_text()
        async with (
            council_of(options.data_dir).sitting(SITE, vkey),
            opened(settings) as running,
            serving(running),
        ):
            yield await _cast(running, options, say, visitors)
    finally:
        (options.data_dir / "database-url").unlink(missing_ok=True)
        await asyncio.to_thread(postgres.stop)


def _erase(data_dir: Path) -> None:
    erase_postgres(data_dir / "postgres")
    for folder in ("halves", "witnesses"):
        shutil.rmtree(data_dir / folder, ignore_errors=True)
    for name in ("log_key", "secrets.json"):
        (data_dir / name).unlink(missing_ok=True)


async def _prepare(options: DemoOptions, postgres: RunningPostgres, say: Say) -> Settings:
    say("Bringing the tables up to date …")
    await create_database(postgres, DATABASE)
    await asyncio.to_thread(upgrade, postgres.owner_url(DATABASE))
    council_of(options.data_dir).prepare(SITE)
    return demo_settings(
        options.data_dir, host=options.host, port=options.port, url=postgres.app_url(DATABASE)
    )


def demo_settings(
    data_dir: Path, *, host: str = "127.0.0.1", port: int = 8130, url: str | None = None
) -> Settings:
    """The settings of the demonstration in this folder; without `url` those of a running one."""
    url = url or _url_of_running(data_dir)
    key = keys.load_or_generate(data_dir / "log_key", SITE)
    return Settings(
        site=SITE,
        demo=True,
        secure_cookies=False,
        host=host,
        port=port,
        database_url=SecretStr(url),
        bank_secret=SecretStr(_secrets(data_dir)["bank"]),
        log_key=SecretStr(key.to_text()),
        witness_policy=council_of(data_dir).policy,
    )


def council_of(data_dir: Path) -> Council:
    return Council(data_dir / "witnesses")


def _url_of_running(data_dir: Path) -> str:
    """Written while a demonstration runs, so that `luochui export --data-dir` finds it."""
    path = data_dir / "database-url"
    if not path.exists():
        raise FileNotFoundError(f"No demo runs in {data_dir}: start `luochui demo` first.")
    return path.read_text(encoding="utf-8").strip()


def _secrets(data_dir: Path) -> dict[str, str]:
    """The folder's bank secret and demo password, made at the first start."""
    path = data_dir / "secrets.json"
    if not path.exists():
        made = {"bank": secrets.token_hex(32), "password": f"land-{secrets.token_hex(4)}"}
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(made, file)
    kept: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return kept


async def _cast(running: Running, options: DemoOptions, say: Say, visitors: Sequence[str]) -> Demo:
    """Accounts, sessions and the stage. Safe to do again on old data."""
    say("Making the demo accounts …")
    password = _secrets(options.data_dir)["password"]
    host = "127.0.0.1" if options.host in ("0.0.0.0", "::") else options.host  # noqa: S104
    base_url = f"http://{f'[{host}]' if ':' in host else host}:{options.port}"
    people = {name: Person(base_url, name, password) for name in (*OFFICIALS, *COMPANIES)}
    await asyncio.gather(*(_enter(running, person, password) for person in people.values()))
    secret = running.settings.bank_secret
    assert secret is not None
    stage = Stage(
        office=Office({name: people[name] for name in OFFICIALS}, options.data_dir / "halves"),
        bank=Bank(base_url, secret.get_secret_value(), clock.wall_ms),
        bidders=[people[name] for name in SIMULATED],
        visitors=[people[name] for name in visitors],
        now_ms=running.clock.now_ms,
        unpaid=lambda: unpaid_deposits(running.parts.desk),
        say=say,
    )
    return Demo(running, stage, base_url, password)


async def _enter(running: Running, person: Person, password: str) -> None:
    """Signs the person in; on the first start of this folder his account is made before."""
    async with running.parts.engine.connect() as connection:
        known = await accounts.find_password(connection, person.username)
    if known is None and person.username in COMPANIES:
        await person.post("/api/accounts", _registration(person.username, password))
    elif known is None:
        await running.make_official(person.username, password, roles=(person.username,))
    await person.sign_in()


def _registration(username: str, password: str) -> dict[str, str]:
    return {
        "username": username,
        "password": password,
        "display_name": COMPANIES[username],
        "kind": "COMPANY",
        "id_number": f"91130900DEMO{list(COMPANIES).index(username):06d}",
    }


async def _sellable_parcels(office: Office) -> list[dict[str, Any]]:
    """The land bank's parcels that were published with all three sums."""
    page = await office["publisher"].get("/api/office/parcels")
    sums = ("starting_price_fen", "increment_fen", "deposit_fen")
    return [parcel for parcel in page["items"] if all(parcel.get(name) for name in sums)]


async def unpaid_deposits(desk: Desk) -> list[UnpaidDeposit]:
    """Accepted applications whose deposit has not come: what the simulated bank pays.

    A real bank knows who pays; the simulated one reads the name from the vault.
    """
    async with desk.engine.begin() as connection:
        listed = await lots.list_lots(connection, limit=OPEN_LOTS)
        return [
            deposit
            for lot in listed
            if lot.state["stage"] in ("ANNOUNCED", "LISTING")
            for row in await applications.list_of_lot(connection, lot.lot_id)
            if row["state"] == "ACCEPTED"
            for deposit in await _missing(connection, lot, row)
        ]


async def _missing(
    connection: AsyncConnection, lot: lots.ListedLot, row: RowMapping
) -> list[UnpaidDeposit]:
    who = await vault.read_identity(connection, row["account_id"])
    assert who is not None, "an applicant has an identity"
    paid = await deposits.credited(connection, row["application_id"])
    return [
        UnpaidDeposit(
            account=row["account"],
            amount_fen=required - paid.get(currency, 0),
            currency=currency,
            payer_name=who.display_name,
        )
        for currency, required in lot.listing["deposit"].items()
        if required > paid.get(currency, 0)
    ]


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _print_screen(out: Console, demo: Demo) -> None:
    table = Table(show_header=False, box=None, padding=(0, 2))
    table.add_row("Public pages", demo.base_url)
    table.add_row(
        "Bid yourself", f"sign in as [b]bidder[/b] or [b]bidder2[/b] at {demo.base_url}/sign-in"
    )
    table.add_row("Officials", ", ".join(OFFICIALS))
    table.add_row("Password of all", f"[b]{demo.password}[/b]")
    table.add_row("API documents", f"{demo.base_url}/api/docs")
    out.print(Panel(table, title="Luochui 落槌 · demo", expand=False))
    out.print(
        "A listing opens in a few seconds and an auction in about a minute; simulated bidders "
        "take part and stop after 8, 11 and 14 steps, so you can win.\n"
        "Register a bidder of your own and apply: the simulated office accepts and the simulated "
        "bank pays within seconds.\n"
        "Ctrl-C ends; the next start goes on with the same data (--fresh starts over)."
    )
