"""The command `luochui`: demo, serve, migrate, verify, export and the documents of the doors."""

import asyncio
import json
import socket
import sys
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_args

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from schemas.rest import RoleName, VerifyReport

app = typer.Typer(
    name="luochui",
    help="Luochui (落槌): online land auctions that anyone can verify.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
CANNOT_START = 2
Done = TypeVar("Done")
OFFICIAL_ROLES = tuple(name for name in get_args(RoleName) if name != "bidder")

Out = Console()
Err = Console(stderr=True)


def _stop(sentence: str) -> typer.Exit:
    """One sentence that says what is wrong and what to do."""
    Err.print(sentence, style="bold red", soft_wrap=True)
    return typer.Exit(CANNOT_START)


def run_loop(work: Coroutine[Any, Any, Done]) -> Done:
    """Runs a server's work on uvloop, which writes to a thousand sockets in half the time; where it
    is not made for the platform, on asyncio's own loop."""
    try:
        from uvloop import run
    except ImportError:
        return asyncio.run(work)
    return run(work)


def check_port(host: str, port: int) -> None:
    """Raises typer.Exit when nobody can listen there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise _stop(
                f"Port {port} on {host} is not free ({error.strerror}): "
                f"stop what uses it, or choose another with --port."
            ) from error


@app.command()
def demo(
    data_dir: Annotated[Path | None, typer.Option(help="Where the demo keeps its data.")] = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8130,
    fresh: Annotated[bool, typer.Option("--fresh", help="Throw the old data away.")] = False,
    unattended: Annotated[
        bool, typer.Option("--unattended", help="Play four sales without a person, then end.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(help="With --unattended: folder for packs and log.vkey.")
    ] = None,
) -> None:
    """Try everything on this machine: real sales with simulated bidders and a simulated bank."""
    from service.demo.run import DemoOptions, default_data_dir, run_demo, run_unattended

    if unattended:
        if out is None:
            raise _stop("--unattended needs --out DIR: the folder for the evidence packs.")
        out.mkdir(parents=True, exist_ok=True)
    check_port(host, port)
    options = DemoOptions(
        data_dir=data_dir or default_data_dir(), host=host, port=port, fresh=fresh
    )
    with refusals():
        if unattended and out is not None:
            raise typer.Exit(run_loop(run_unattended(options, out, Out)))
        run_loop(run_demo(options, Out))


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address; else LUOCHUI_HOST.")] = None,
    port: Annotated[int | None, typer.Option(help="Port; else LUOCHUI_PORT.")] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes that share the port.")] = 1,
    worker: Annotated[int | None, typer.Option(hidden=True)] = None,
) -> None:
    """Run the service on a configured PostgreSQL (LUOCHUI_DATABASE_URL)."""
    from service.main import serve as run
    from service.settings import load_settings
    from service.workers import run_workers

    with refusals():
        settings = load_settings()
        chosen = settings.model_copy(
            update={
                "host": host or settings.host,
                "port": settings.port if port is None else port,
            }
        )
        if workers > 1:
            raise typer.Exit(asyncio.run(run_workers(chosen, workers)))
        if worker is None:
            check_port(chosen.host, chosen.port)
        run_loop(run(chosen, worker))


@app.command()
def relay(
    upstream: Annotated[
        str | None, typer.Option(help="The service's address; else LUOCHUI_RELAY_UPSTREAM.")
    ] = None,
    host: Annotated[str | None, typer.Option(help="Address; else LUOCHUI_HOST.")] = None,
    port: Annotated[int | None, typer.Option(help="Port; else LUOCHUI_PORT.")] = None,
) -> None:
    """Serve observers from the bus (LUOCHUI_NATS_URL) and the service; needs no database."""
    from service.relay.run import relay as run
    from service.settings import load_settings

    with refusals():
        settings = load_settings()
        chosen = settings.model_copy(
            update={
                "host": host or settings.host,
                "port": port or settings.port,
                "relay_upstream": upstream or settings.relay_upstream,
            }
        )
        check_port(chosen.host, chosen.port)
        run_loop(run(chosen))


@app.command()
def migrate(
    revision: Annotated[str, typer.Argument(help="Where to go; `head` is the newest.")] = "head",
    down: Annotated[bool, typer.Option("--down", help="Go down to REVISION instead.")] = False,
) -> None:
    """Bring the database (LUOCHUI_MIGRATION_URL, the owner's) to this version's tables."""
    from service.settings import load_settings
    from service.store.migrate import downgrade, upgrade

    with refusals():
        url = load_settings().migration_url
        if url is None:
            raise _stop("Set LUOCHUI_MIGRATION_URL to the database URL of the owner role.")
        (downgrade if down else upgrade)(url.get_secret_value(), revision)
    Out.print(f"The database is at {revision}.")


@app.command()
def verify(
    pack: Annotated[Path, typer.Argument(help="The evidence pack (.zip).")],
    key: Annotated[Path, typer.Option(help="The log's verifier key (C2SP vkey text).")],
    policy: Annotated[
        Path | None, typer.Option(help="The witnesses you believe (C2SP tlog-policy).")
    ] = None,
    tsa: Annotated[
        list[Path] | None,
        typer.Option(help="A timestamp authority's certificate you believe (PEM); again for more."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Check a sale offline: bytes, tree, signatures, and every decision made again.

    With a policy also what witnesses saw, with authorities also when.

    Exit 0: all checks hold. 1: a check fails. 2: the pack cannot be read.
    """
    from service.audit.verifier import verify_files

    report = verify_files(pack, key, policy, tuple(tsa or ()))
    if as_json:
        sys.stdout.write(report.model_dump_json(indent=2, exclude_none=True) + "\n")
    else:
        print_report(report, Out)
    raise typer.Exit(report.exit_code)


@app.command()
def export(
    lot: Annotated[str, typer.Argument(help="The lot's id.")],
    out: Annotated[Path, typer.Option(help="The file to write.")],
    data_dir: Annotated[
        Path | None, typer.Option(help="A demo's data folder, instead of LUOCHUI_DATABASE_URL.")
    ] = None,
) -> None:
    """Write a lot's evidence pack."""
    from service.demo.run import demo_settings
    from service.main import export_pack
    from service.settings import load_settings

    with refusals():
        settings = load_settings() if data_dir is None else demo_settings(data_dir)
        size = asyncio.run(export_pack(settings, lot, out))
    Out.print(f"{out}: {size:,} bytes")


@app.command()
def retention(
    years: Annotated[int, typer.Option(min=0, help="The term, from a lot's seal.")] = 10,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    data_dir: Annotated[
        Path | None, typer.Option(help="A demo's data folder, instead of LUOCHUI_DATABASE_URL.")
    ] = None,
) -> None:
    """Destroy what tells of losers, once the term of their sale is over; the logs stay whole."""
    from service.demo.run import demo_settings
    from service.main import destroy_losers
    from service.settings import load_settings

    with refusals():
        settings = load_settings() if data_dir is None else demo_settings(data_dir)
        done = asyncio.run(destroy_losers(settings, years, dry_run=dry_run))
    if not done:
        Out.print(f"No lot sealed {years} years ago or earlier names a loser.")
    for each in done:
        Out.print(_retained(each, dry_run), soft_wrap=True)


def _retained(each: Any, dry_run: bool) -> str:
    """One lot's line."""
    if hasattr(each, "why"):
        return f"{each.lot_id}: kept, {each.why}"
    return (
        f"{each.lot_id}: {'would be ' if dry_run else ''}destroyed: "
        f"{each.applications} losers' applications unlinked, {each.openings} openings with their "
        f"salts, {each.keys} keys, {each.notices} payers, {each.refunds} payees, "
        f"{each.sessions} sessions' addresses, {each.people} people"
    )


@app.command()
def account(
    username: Annotated[str, typer.Argument(help="The name to sign in with.")],
    role: Annotated[list[str], typer.Option(help="A role; give it again for more.")],
    name: Annotated[str, typer.Option(help="The name to show.")] = "",
) -> None:
    """Make an official's account; the password is asked for."""
    from service.main import make_account
    from service.settings import load_settings

    unknown = sorted(set(role) - set(OFFICIAL_ROLES))
    if unknown:
        choice = ", ".join(OFFICIAL_ROLES)
        raise _stop(f"There is no official role {', '.join(unknown)}: choose from {choice}.")
    password = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    with refusals():
        asyncio.run(make_account(load_settings(), username, password, tuple(role), name))
    Out.print(f"{username}: made.")


@app.command("log-key")
def log_key(
    out: Annotated[Path, typer.Option(help="Where to write the secret key (mode 0600).")],
    site: Annotated[str, typer.Option(help="The site's name, e.g. auction.example.cn.")],
) -> None:
    """Make the key that signs the logs, and print the public half for everyone."""
    from service.audit import keys

    with refusals():
        key = keys.generate(site)
        keys.save(out, key)
    Out.print(key.verifying.to_text(), soft_wrap=True)


@app.command()
def witness(
    config: Annotated[Path, typer.Option(help="The witness's TOML file; see docs/witness.md.")],
) -> None:
    """Cosign the checkpoints of the logs you watch (C2SP tlog-witness); needs no database."""
    from service.witness.config import CannotStart
    from service.witness.serve import run

    try:
        run(config)
    except CannotStart as error:
        raise _stop(str(error)) from error


@app.command("witness-key")
def witness_key(
    name: Annotated[str, typer.Option(help="The witness's name, e.g. witness.example.cn/w1.")],
    out: Annotated[Path, typer.Option(help="Where to write the secret key (mode 0600).")],
) -> None:
    """Make a witness's key, and print its public half and its line for a policy file."""
    from service.witness.config import CannotStart
    from service.witness.serve import new_key, policy_line

    try:
        key = new_key(name, out)
    except CannotStart as error:
        raise _stop(str(error)) from error
    Out.print(key.to_text(), soft_wrap=True, markup=False, highlight=False)
    Out.print(policy_line(key), soft_wrap=True, markup=False, highlight=False)


@app.command("change-key")
def change_key(
    reason: Annotated[str, typer.Option(help="Why, for the house log: everybody may read it.")],
) -> None:
    """Record that the configured log key and witness policy are meant, before the next start."""
    from service.main import change_key as run
    from service.settings import load_settings

    with refusals():
        written = asyncio.run(run(load_settings(), reason))
    Out.print(f"Recorded: {', '.join(written)}." if written else "Nothing has changed.")


@app.command()
def openapi(
    channel: Annotated[
        bool, typer.Option("--channel", help="The live channel's AsyncAPI document instead.")
    ] = False,
) -> None:
    """Print the OpenAPI document of the REST doors."""
    from service.api.app import documents

    rest, live = documents()
    sys.stdout.write(json.dumps(live if channel else rest, ensure_ascii=False, indent=2) + "\n")


def print_report(report: VerifyReport, console: Console) -> None:
    """The verifier's findings as a table for people."""
    if report.error:
        # What a pack says is text, never markup.
        console.print(f"{report.pack} cannot be read: {report.error}", soft_wrap=True, markup=False)
        return
    table = Table(title=Text(report.pack), title_justify="left")
    for column in ("", "check", "counted", "finding"):
        table.add_column(column)
    marks = {"HELD": "✔", "FAILED": "✘", "NOT_APPLICABLE": "–"}
    for check in report.checks:
        finding = check.detail or ""
        if check.status == "FAILED":
            where = "" if check.first_seq is None else f"entry {check.first_seq}: "
            finding = f"{where}{finding} expected {check.expected}, found {check.found}"
        row = f"{check.number} {check.name}"
        table.add_row(marks[check.status], row, f"{check.counted:,}", Text(finding))
    console.print(table)
    result = report.outcome or "no result"
    last = f"{report.log}: {report.entries:,} entries, {result}, root {report.root}"
    console.print(last, markup=False)


@contextmanager
def refusals() -> Iterator[None]:
    """Turns the errors that name their own remedy into one sentence and exit 2."""
    from pydantic import ValidationError

    from service.main import known_errors

    try:
        yield
    except ValidationError as error:
        first = error.errors()[0]
        name = "LUOCHUI_" + "_".join(str(part) for part in first["loc"]).upper()
        raise _stop(f"{name}: {first['msg']}.") from error
    except known_errors() as error:
        raise _stop(str(error)) from error


if __name__ == "__main__":
    app()
