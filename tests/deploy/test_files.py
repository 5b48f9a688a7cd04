"""What is deployed agrees with itself: compose file, proxy, alarms, dashboard, settings, manual."""

import asyncio
import ipaddress
import json
import os
import re
import shutil
import stat
import subprocess
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import yaml
from prometheus_client import REGISTRY

import service.desk.gauges
import service.gauges  # noqa: F401
from service.serving import SHUTDOWN_S
from service.settings import SECRETS, Settings
from service.store.cluster import OWNER
from service.store.programs import find_programs
from tests.replicas import Node, node

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
MANUAL = (ROOT / "docs" / "operations.md").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())


class _Overrides(yaml.SafeLoader):
    """Compose's two tags, whose values stand instead of what they override."""


_Overrides.add_multi_constructor(
    "!",
    lambda loader, _, node: (
        loader.construct_mapping(node, deep=True)
        if isinstance(node, yaml.MappingNode)
        else loader.construct_sequence(node, deep=True)
    ),
)
FAILED_OVER: dict[str, Any] = _Overrides(
    (DEPLOY / "after-failover.yml").read_text()
).get_single_data()
ALERTS: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text())["groups"]
    for rule in group["rules"]
]
DASHBOARD: dict[str, Any] = json.loads((DEPLOY / "grafana/dashboards/luochui.json").read_text())
ONE_SHOT = {"folders", "migrate"}
THEIRS = {"up", "node_filesystem_avail_bytes", "node_filesystem_size_bytes"}
"""Of Prometheus and its node exporter."""


def seconds(said: str) -> float:
    found = re.fullmatch(r"(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?", said)
    assert found, said
    minutes, whole, milli = (int(part or 0) for part in found.groups())
    return minutes * 60 + whole + milli / 1000


# ── the compose file ────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", COMPOSE["services"])
def test_no_container_may_more_than_it_must(name: str) -> None:
    made = COMPOSE["services"][name]
    assert made["read_only"] is True
    assert made["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in made["security_opt"]
    assert not made.get("privileged")
    if name not in ONE_SHOT | {"node"}:
        assert made["restart"] == "unless-stopped"
        assert made["deploy"]["resources"]["limits"].keys() == {"cpus", "memory", "pids"}


def test_secrets_are_files_and_stand_in_no_variable() -> None:
    assert all(set(each) == {"file"} for each in COMPOSE["secrets"].values())
    for name, made in COMPOSE["services"].items():
        for variable, value in (made.get("environment") or {}).items():
            if re.search("PASSWORD|SECRET|KEY|DATABASE_URL|MIGRATION_URL", variable):
                secret = value.removeprefix("/run/secrets/")
                assert secret in made["secrets"], (name, variable)


def test_only_the_proxy_is_public_and_the_database_reaches_nowhere() -> None:
    for name, made in COMPOSE["services"].items():
        if name != "proxy":
            assert all(port.startswith("127.0.0.1:") for port in made.get("ports", ())), name
    assert COMPOSE["networks"]["back"]["internal"] is True
    for name in ("database", "standby", "backup", "bus"):
        assert COMPOSE["services"][name]["networks"] == ["back"]


def test_a_process_has_more_time_to_end_than_it_takes() -> None:
    """Elsewhere a container was killed in the middle of its good-bye."""
    for name in ("app1", "app2"):
        made = COMPOSE["services"][name]
        drain_s = int(made["environment"]["LUOCHUI_DRAIN_MS"]) / 1000
        statement_s = Settings().statement_timeout_ms / 1000
        needed_s = drain_s + 2 * SHUTDOWN_S + statement_s
        assert seconds(made["stop_grace_period"]) > needed_s


def test_the_proxy_asks_for_health_more_often_than_a_stopping_process_stays() -> None:
    caddyfile = (DEPLOY / "Caddyfile").read_text()
    found = re.search(r"health_interval (\S+)\s+health_timeout (\S+)", caddyfile)
    assert found
    for drain_ms in (
        Settings().drain_ms,
        int(COMPOSE["services"]["app1"]["environment"]["LUOCHUI_DRAIN_MS"]),
    ):
        assert 2 * seconds(found[1]) < drain_ms / 1000


def test_the_processes_believe_the_proxy_s_address_and_no_other() -> None:
    address = COMPOSE["services"]["proxy"]["networks"]["front"]["ipv4_address"]
    for name in ("app1", "app2"):
        said = COMPOSE["services"][name]["environment"]["LUOCHUI_TRUSTED_PROXIES"]
        assert Settings.model_validate({"trusted_proxies": json.loads(said)}).trusted_proxies == (
            address,
        )


def test_no_other_container_can_be_given_the_proxy_s_address() -> None:
    (front,) = COMPOSE["networks"]["front"]["ipam"]["config"]
    proxy = ipaddress.IPv4Address(COMPOSE["services"]["proxy"]["networks"]["front"]["ipv4_address"])
    subnet, given_out = (ipaddress.IPv4Network(front[name]) for name in ("subnet", "ip_range"))
    assert given_out.subnet_of(subnet)
    assert proxy in subnet
    assert proxy not in given_out
    assert str(proxy) != front["gateway"]
    assert ipaddress.IPv4Address(front["gateway"]) in subnet


def test_what_compose_passes_on_empty_reads_as_none() -> None:
    passed = COMPOSE["services"]["app1"]["environment"]
    for name in ("WITNESS_POLICY", "TSA_URL", "TSA_CERTIFICATES", "START_WITHOUT_WITNESSES"):
        assert passed[f"LUOCHUI_{name}"] == f"${{LUOCHUI_{name}:-}}"
    assert "./trust:/trust:ro" in COMPOSE["services"]["app1"]["volumes"]


def test_whatever_server_may_be_the_primary_archives_within_a_minute() -> None:
    wanted = {"archive_mode=on", "archive_timeout=60s"}
    for name in ("database", "standby"):
        command = COMPOSE["services"][name]["command"]
        assert wanted < set(command), name
        assert any("archive-wal" in word for word in command), name


def test_after_a_failover_nothing_waits_for_or_makes_another_old_primary() -> None:
    assert COMPOSE["services"]["backup"]["environment"]["PGHOST"] == "${LUOCHUI_PRIMARY:-database}"
    assert COMPOSE["services"]["standby"]["environment"]["PGHOST"] == "database", (
        "a change would make the container anew, and it may be the primary"
    )
    changed = FAILED_OVER["services"]
    assert changed["database"]["entrypoint"] == ["/luochui/postgres/follow"]
    assert changed["database"]["environment"]["PGHOST"] == "standby"
    assert "./deploy/postgres:/luochui/postgres:ro" in changed["database"]["volumes"]
    assert "backup_password" in COMPOSE["services"]["database"]["secrets"]
    waits = {
        name: (changed.get(name, {}).get("depends_on") or made.get("depends_on") or {}).keys()
        for name, made in COMPOSE["services"].items()
    }
    assert not [name for name, others in waits.items() if "database" in others]
    assert changed["standby"]["profiles"] == [], "without it nothing starts, so it is always there"
    assert {name for name, others in waits.items() if "standby" in others} == {
        "database",
        "migrate",
        "backup",
    }


def test_no_container_may_take_more_processors_than_a_small_machine_has() -> None:
    """Docker starts none whose limit is above what there is."""
    for name, made in COMPOSE["services"].items():
        limits = made.get("deploy", {}).get("resources", {}).get("limits", {"cpus": "1"})
        assert limits["cpus"] in ("1", "${LUOCHUI_CPUS:-2}"), name


def test_images_are_named_by_major_and_minor() -> None:
    named = [made["image"] for made in COMPOSE["services"].values()]
    named += re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    for image in set(named) - {"luochui"}:
        assert re.search(r":v?\d+\.\d+", image), image


def test_the_image_is_built_without_secrets() -> None:
    """The Dockerfile copies all that is not ignored."""
    ignored = (ROOT / ".dockerignore").read_text().split()
    for name, secret in COMPOSE["secrets"].items():
        assert Path(secret["file"]).parts[0] in ignored, name
    assert ".env" in ignored


def test_every_variable_of_the_containers_is_a_setting() -> None:
    proxy_and_scripts = set(
        re.findall(
            r"LUOCHUI_[A-Z_]+",
            "".join(
                path.read_text() for path in (DEPLOY / "Caddyfile", *(DEPLOY / "backup").iterdir())
            ),
        )
    )
    known = {f"LUOCHUI_{name.upper()}" for name in Settings.model_fields}
    known |= {f"LUOCHUI_{name.upper()}_FILE" for name in SECRETS}
    for name, made in COMPOSE["services"].items():
        for variable in made.get("environment") or {}:
            if variable.startswith("LUOCHUI_"):
                assert variable in known | proxy_and_scripts, (name, variable)


def test_whatever_the_compose_file_mounts_is_there_and_scripts_can_be_run() -> None:
    for made in COMPOSE["services"].values():
        for volume in made.get("volumes", ()):
            source = volume.partition(":")[0]
            if source.startswith("./"):
                assert (ROOT / source).exists(), source
    for folder in ("backup", "postgres"):
        for script in (DEPLOY / folder).iterdir():
            first = script.read_text().splitlines()[0]
            assert (first == "#!/bin/sh") is bool(script.stat().st_mode & stat.S_IXUSR), script


# ── the proxy ───────────────────────────────────────────────────────────────────────────────


def test_the_proxy_takes_its_file(tmp_path: Path) -> None:
    caddy = shutil.which("caddy")
    assert caddy, "the deployment tests need Caddy: apt-get install caddy"
    done = subprocess.run(
        [caddy, "adapt", "--config", str(DEPLOY / "Caddyfile"), "--validate"],
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "LUOCHUI_PROXY_DATA": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    (server,) = json.loads(done.stdout)["apps"]["http"]["servers"].values()
    assert "write_timeout" not in server, "a socket lives as long as a sale"
    assert server["idle_timeout"] >= 300 * 10**9
    proxy = next(found for found in handlers(server) if found["handler"] == "reverse_proxy")
    assert proxy["health_checks"]["active"]["uri"] == "/health/ready"
    assert proxy["load_balancing"]["retry_match"] == [{"method": ["GET", "HEAD"]}]
    assert {"read_timeout", "write_timeout"}.isdisjoint(proxy["transport"])


def handlers(found: Any) -> list[dict[str, Any]]:
    """Every handler in Caddy's own configuration, however deep."""
    if isinstance(found, list):
        return [each for part in found for each in handlers(part)]
    if not isinstance(found, dict):
        return []
    inside = [each for part in found.values() for each in handlers(part)]
    return [found, *inside] if "handler" in found else inside


# ── alarms, dashboard ───────────────────────────────────────────────────────────────────────


def exported() -> set[str]:
    """Every series that the service and the backup service export."""
    ours = {sample for family in REGISTRY.collect() for sample in _series(family)}
    told = set(re.findall(r"# TYPE (\w+)", (DEPLOY / "backup" / "keep").read_text()))
    return ours | told | THEIRS


def _series(family: Any) -> set[str]:
    if family.type == "histogram":
        return {f"{family.name}_{part}" for part in ("bucket", "sum", "count")}
    return {f"{family.name}_total"} if family.type == "counter" else {family.name}


def asked_for(expression: str) -> set[str]:
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]|\b(by|without)\s*\([^)]*\)", " ", expression)
    return set(re.findall(r"\b(?:up|(?:luochui|node)_\w+)\b", bare))


def test_every_figure_of_alarms_and_dashboard_is_exported() -> None:
    asked = {f"alarm {rule['alert']}": rule["expr"] for rule in ALERTS}
    for panel in DASHBOARD["panels"]:
        for target in panel["targets"]:
            asked[f"panel {panel['title']} {target['refId']}"] = target["expr"]
    for where, expression in asked.items():
        wanted = asked_for(expression)
        assert wanted, where
        assert wanted <= exported(), (where, wanted - exported())


def test_the_dashboard_shows_what_a_sale_hangs_on() -> None:
    titles = {panel["title"] for panel in DASHBOARD["panels"]}
    assert titles >= {
        "Bids per second",
        "Answer p99",
        "Watchers",
        "Room lag p99",
        "Clock offset",
        "Outbox drops",
    }
    sources = yaml.safe_load((DEPLOY / "grafana/provisioning/datasources/luochui.yml").read_text())[
        "datasources"
    ]
    assert {panel["datasource"]["uid"] for panel in DASHBOARD["panels"]} == {sources[0]["uid"]}


def test_prometheus_asks_the_processes_of_the_compose_file() -> None:
    config = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())
    assert config["rule_files"] == ["alerts.yml"]
    targets = {t for job in config["scrape_configs"] for t in job["static_configs"][0]["targets"]}
    assert targets == {"app1:8130", "app2:8130", "node:9100"}
    assert {target.partition(":")[0] for target in targets} <= COMPOSE["services"].keys()


def test_the_manual_has_a_row_for_each_alarm_and_no_other() -> None:
    names = [rule["alert"] for rule in ALERTS]
    rows = re.findall(r"^\| `([A-Z][a-z]\w+)` \|", MANUAL, re.MULTILINE)
    assert len(names) == len(set(names))
    assert sorted(rows) == sorted(names)
    assert {rule["labels"]["severity"] for rule in ALERTS} == {"urgent", "soon"}


# ── the manual ──────────────────────────────────────────────────────────────────────────────


def test_the_manual_names_every_setting_and_no_other() -> None:
    said = set(re.findall(r"^\| `LUOCHUI_([A-Z_]+)` \|", MANUAL, re.MULTILINE))
    assert said == {name.upper() for name in Settings.model_fields}


def test_a_relay_s_start_line_names_all_that_it_cannot_guess() -> None:
    text = (ROOT / "docs" / "fanout.md").read_text()
    (line,) = re.findall(r"(?:^    .*\\\n)+    luochui relay$", text, re.MULTILINE)
    said = set(re.findall(r"LUOCHUI_([A-Z_]+)=", line))
    assert said >= {"RELAY_UPSTREAM", "NATS_URL", "HOST", "ORIGINS", "TRUSTED_PROXIES"}
    assert said <= {name.upper() for name in Settings.model_fields}
    assert re.search(r"reverse_proxy @observers [^}]*health_uri /health/ready", text)


def test_every_command_of_the_manual_is_there() -> None:
    for path in set(re.findall(r"deploy/[\w/.-]*\w", MANUAL)):
        assert (ROOT / path).exists(), path
    for name in set(re.findall(r"docs/decisions/(\d{4}-[\w-]+)", MANUAL)):
        assert (ROOT / "docs" / "decisions" / f"{name}.md").exists(), name


# ── the scripts around the containers ───────────────────────────────────────────────────────


def test_secrets_are_made_once_and_their_folder_is_closed(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    bin_dir = Path(shutil.which("luochui") or ROOT / ".venv/bin/luochui").parent
    command = [str(DEPLOY / "make-secrets"), "auction.example.cn", str(folder)]
    env = {"PATH": f"{bin_dir}:/usr/bin:/bin", "HOME": str(tmp_path)}
    first = subprocess.run(command, env=env, capture_output=True, text=True)
    assert first.returncode == 0, first.stderr
    made = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert made.keys() == COMPOSE["secrets"].keys()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o444}
    assert len(set(made.values())) == len(made)
    assert made["owner_password"] in made["migration_url"]
    assert subprocess.run(command, env=env).returncode == 0
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == made


DOCKER = """#!/bin/sh
echo "$*" >>"$HOME/asked"
[ "$1" = run ] || exit 0
folder= out=
while [ $# -gt 0 ]; do
    case $1 in --volume) folder=${2%:/secrets} ;; --out) out=${2#/secrets/} ;; esac
    shift
done
echo key >"$folder/$out"
"""
"""In the place of Docker's client: what it was asked, and the file that the service would make."""


def test_the_key_is_made_by_a_container_that_mounts_no_secret(tmp_path: Path) -> None:
    """`docker compose run` would have mounted the key before it was there: as an empty folder."""
    client = tmp_path / "bin" / "docker"
    client.parent.mkdir()
    client.write_text(DOCKER)
    client.chmod(0o755)
    folder = tmp_path / "secrets"
    (folder / "log_key").mkdir(parents=True)
    done = subprocess.run(
        [str(DEPLOY / "make-secrets"), "auction.example.cn", str(folder)],
        env={"PATH": f"{client.parent}:/usr/bin:/bin", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert (folder / "log_key").is_file()
    assert "give it to the bank" in done.stdout
    build, run = (tmp_path / "asked").read_text().splitlines()
    assert re.fullmatch(r"compose --file \S+/docker-compose\.yml build app1", build)
    assert run.startswith(f"run --rm --network none --user {os.getuid()}:{os.getgid()} ")
    assert run.endswith("luochui log-key --site auction.example.cn --out /secrets/log_key")
    assert not re.search(r"-e ", (DEPLOY / "make-secrets").read_text())


def test_an_old_primary_does_not_start_in_the_place_of_a_follower(tmp_path: Path) -> None:
    (tmp_path / "PG_VERSION").write_text("18")
    (tmp_path / "postgresql.auto.conf").write_text("synchronous_standby_names = 'standby'")
    done = subprocess.run(
        [str(DEPLOY / "postgres" / "follow"), "postgres"],
        env={"PATH": "/usr/bin:/bin", "PGDATA": str(tmp_path), "PGHOST": "standby"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "is no copy of standby" in done.stderr


async def test_a_new_cluster_gets_its_roles_with_their_passwords(
    open_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "database_url").write_text("postgresql+asyncpg://luochui_app:abc1@database/luochui")
    (tmp_path / "backup_password").write_text("def2")
    folder = open_folder / "roles"
    folder.mkdir()
    folder.chmod(0o755)
    with node(folder) as server:
        done = await asyncio.to_thread(
            subprocess.run,
            [str(DEPLOY / "postgres" / "make-roles")],
            env=_of_the_image(server, tmp_path),
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        session = await asyncpg.connect(
            host="127.0.0.1", port=server.port, user=OWNER, database="postgres"
        )
        roles = await session.fetch(
            "SELECT rolname, rolcanlogin, rolsuper, rolreplication, rolpassword <> '' "
            "FROM pg_authid WHERE rolname IN ('luochui_app', 'luochui_backup') ORDER BY 1"
        )
        rules = await session.fetch(
            "SELECT 1 FROM pg_hba_file_rules WHERE 'replication' = ANY(database) "
            "AND 'luochui_backup' = ANY(user_name) AND auth_method = 'scram-sha-256'"
        )
        await session.close()
    assert [tuple(role.values()) for role in roles] == [
        ("luochui_app", True, False, False, True),
        ("luochui_backup", True, False, True, True),
    ]
    assert len(rules) == 1


def _of_the_image(server: Node, secrets: Path) -> dict[str, str]:
    """What the entrypoint of the PostgreSQL image gives its scripts."""
    psql = shutil.which("psql") or str(find_programs().bin_dir / "psql")
    return {
        "PATH": f"{Path(psql).parent}:/usr/bin:/bin",
        "PGHOST": "127.0.0.1",
        "PGPORT": str(server.port),
        "PGDATA": str(server.cluster),
        "POSTGRES_USER": OWNER,
        "POSTGRES_DB": "postgres",
        "SECRETS": str(secrets),
        "HOME": os.environ.get("HOME", "/"),
    }
