"""docker-compose.yml: valid, pinned, closed to the outside, nothing named that does not exist."""

from __future__ import annotations

import json
import re
import shutil
import stat
import subprocess
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from cityops.settings import ApiSettings, Settings
from cityops.settings_check import leaves, variable
from tests.fakes.commands import must_be_a_command
from tests.fakes.compose import ROOT, is_once, is_ours, load, order, secret_files

COMPOSE = load()
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
EACH = pytest.mark.parametrize("name", SERVICES)
OURS = pytest.mark.parametrize("name", [n for n, s in SERVICES.items() if is_ours(s)])
PUBLISHED = {
    "api": "127.0.0.1:8080:8080",
    "grafana": "127.0.0.1:3000:3000",
    "prometheus": "127.0.0.1:9090:9090",
    "broker": "0.0.0.0:8883:8883",
}


def test_the_stack_has_its_parts() -> None:
    assert set(SERVICES) >= {
        "db", "broker", "migrate", "ingest", "rules", "notify", "fleet", "api", "grafana", "prometheus", "backup", "town",
    }  # fmt: skip


def test_the_file_fits_the_compose_specification() -> None:
    """With the schema of the Compose Specification, which check-jsonschema carries."""
    file = files("check_jsonschema") / "builtin_schemas" / "vendor" / "compose-spec.json"
    schema = json.loads(file.read_text(encoding="utf-8"))
    assert schema["title"] == "Compose Specification"
    assert [e.message for e in jsonschema.Draft7Validator(schema).iter_errors(COMPOSE)] == []


def test_docker_compose_reads_it(tmp_path: Path) -> None:
    docker = shutil.which("docker")
    if docker is None or subprocess.run([docker, "compose", "version"], capture_output=True).returncode != 0:
        pytest.skip("no docker with the compose plugin on this machine")
    done = subprocess.run(
        [docker, "compose", "--profile", "town", "config", "-q"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_services_depend_on_services_that_are_there_without_a_circle() -> None:
    assert sorted(order(COMPOSE)) == sorted(SERVICES)


@EACH
def test_what_is_waited_for_can_come_true(name: str) -> None:
    for other, condition in SERVICES[name].get("depends_on", {}).items():
        if condition["condition"] == "service_completed_successfully":
            assert is_once(SERVICES[other]), f"{other} never ends"
        else:
            assert condition["condition"] == "service_healthy"
            assert "test" in SERVICES[other]["healthcheck"], f"{other} has no health check"
        assert set(SERVICES[other].get("profiles", [])) <= set(SERVICES[name].get("profiles", []))


@EACH
def test_images_are_pinned(name: str) -> None:
    image = SERVICES[name]["image"]
    if not is_ours(SERVICES[name]):
        assert re.search(r":v?\d+\.\d+\.\d+(-[a-z0-9.]+)?$", image), f"{image}: a tag with a full version"


@EACH
def test_a_service_is_bounded_and_restarts(name: str) -> None:
    service = SERVICES[name]
    limits = service["deploy"]["resources"]["limits"]
    assert float(limits["cpus"]) > 0
    assert re.fullmatch(r"\d+[MG]", limits["memory"])
    assert service["restart"] == ("no" if is_once(service) else "unless-stopped")
    assert service["logging"]["options"]["max-size"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert not {"privileged", "pid", "ipc", "devices", "cap_add"} & set(service)


@EACH
def test_containers_have_nothing_to_write_but_their_volumes(name: str) -> None:
    service = SERVICES[name]
    if name == "db":  # its image's entry point gives the data folder to postgres, as root
        return
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert is_ours(service) or service["user"].split(":")[0] != "0"


@EACH
def test_pages_are_published_on_loopback_and_of_the_broker_only_what_is_encrypted(name: str) -> None:
    service = SERVICES[name]
    assert service.get("ports", []) == ([PUBLISHED[name]] if name in PUBLISHED else [])
    outer = {"edge", "devices"} & set(service.get("networks", []))
    assert outer == ({"devices"} if name == "broker" else {"edge"} if name in PUBLISHED else set())
    assert service.get("network_mode") != "host"


def test_the_published_listener_of_the_broker_has_a_certificate() -> None:
    conf = (ROOT / "deploy" / "mosquitto" / "mosquitto.conf").read_text().split("\nlistener ")
    devices = next(part for part in conf if part.startswith("8883\n"))
    wanted = re.findall(r"^(?:certfile|keyfile) /run/secrets/(\w+)$", devices, re.MULTILINE)
    assert wanted == ["mqtt_server_crt", "mqtt_server_key"]
    assert set(secret_files(SERVICES["broker"])) == set(wanted)
    readers = {n for n, s in SERVICES.items() if "mqtt_server_key" in secret_files(s)}
    assert readers == {"broker"}
    assert "ca.key" not in (ROOT / "docker-compose.yml").read_text()


def test_the_inner_network_has_no_way_out() -> None:
    assert COMPOSE["networks"]["inside"] == {"internal": True}


@EACH
def test_volumes_and_mounted_files_exist(name: str) -> None:
    for mount in SERVICES[name].get("volumes", []):
        source = mount.split(":")[0]
        if source.startswith("./"):
            assert (ROOT / source).exists(), source
            assert mount.endswith(":ro"), f"{mount}: files of the checkout are mounted read-only"
        elif source == "/":
            assert (name, mount) == ("host", "/:/host:ro,rslave")
        else:
            assert source in COMPOSE["volumes"]


def test_every_volume_network_and_secret_is_used() -> None:
    used = {m.split(":")[0] for s in SERVICES.values() for m in s.get("volumes", [])}
    assert set(COMPOSE["volumes"]) == {source for source in used if not source.startswith((".", "/"))}
    assert set(COMPOSE["networks"]) == {n for s in SERVICES.values() for n in s.get("networks", [])}
    assert set(COMPOSE["secrets"]) == {n for s in SERVICES.values() for n in secret_files(s).values()}


def test_no_password_is_in_the_file() -> None:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    for service in SERVICES.values():
        for key, value in service.get("environment", {}).items():
            if "PASSWORD" in key.upper() or "DSN" in key.upper():
                assert str(value).startswith("/run/secrets/"), key
    assert "postgresql://" not in text


def test_secrets_are_made_once_closed_to_others_and_all_of_them(tmp_path: Path) -> None:
    def run() -> dict[str, str]:
        command = [str(ROOT / "deploy" / "secrets.sh"), str(tmp_path / "secrets"), str(tmp_path / ".env")]
        subprocess.run(command, check=True, capture_output=True)
        return {p.name: p.read_text() for p in (tmp_path / "secrets").iterdir()}

    first = run()
    # The authority's own key and certificate are no container's.
    assert set(first) == {Path(s["file"]).name for s in COMPOSE["secrets"].values()} | {
        "ca.key",
        "mqtt_ca_crt",
    }
    assert len(set(first.values())) == len(first)
    made = {k: v for k, v in first.items() if k.endswith("password")}
    assert len(made) == len(first) - 8  # three DSNs, receivers of alarms, two keys, two certificates
    assert all(len(v) == 64 and set(v) <= set("0123456789abcdef") for v in made.values())
    assert first["restore_dsn"] == f"postgresql://postgres:{first['postgres_password']}@db:5432/cityops"
    assert first["cityops_db__dsn"] == f"postgresql://cityops:{first['cityops_db_password']}@db:5432/cityops"
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "secrets" / "ca.key").stat().st_mode) == 0o600
    assert run() == first
    named = set(re.findall(r"^(\w+)=", (tmp_path / ".env").read_text(), re.MULTILINE)) - {"COMPOSE_PROFILES"}
    asked = set(re.findall(r"\$\{(\w+)", (ROOT / "docker-compose.yml").read_text()))
    assert named <= asked


def test_what_writes_has_somewhere_to_write() -> None:
    """A read-only container has /tmp: mosquitto_passwd fails without, and so did the first `docker compose up`."""
    for name, service in SERVICES.items():
        if service.get("read_only") and name not in {
            "prometheus",
            "alertmanager",
            "host",
        }:  # by their makers' own words
            assert service["tmpfs"] == ["/tmp"], name


def test_an_operators_proxy_can_be_named() -> None:
    """Else all who come through it are one source of wrong passwords, and one guesser holds everybody back."""
    given = load({"STACK_TRUSTED_PROXIES": "172.20.0.1"})["services"]["api"]["environment"]
    assert given["CITYOPS_API__TRUSTED_PROXIES"] == "172.20.0.1"
    default = SERVICES["api"]["environment"]["CITYOPS_API__TRUSTED_PROXIES"]
    assert default == ApiSettings().trusted_proxies


def test_the_website_has_a_login_of_its_own_and_knows_its_address() -> None:
    """With the owner's login the API could read every home; without an address there are no passkeys and no links that open."""
    assert "cityops_db__dsn" not in secret_files(SERVICES["api"])
    assert {"cityops_db__dsn", "cityops_api__dsn"} <= set(secret_files(SERVICES["migrate"]))
    given = load({"STACK_WEB_URL": "https://city.example/"})["services"]
    for name in ("api", "rules"):
        url = given[name]["environment"]["CITYOPS_API__PUBLIC_URL"]
        assert ApiSettings(public_url=url).public_url == "https://city.example"
    with pytest.raises(ValueError, match="public_url"):
        ApiSettings(public_url="https://city.example/cityops")


def test_what_is_public_is_told_as_a_user_that_the_broker_has() -> None:
    user = SERVICES["api"]["environment"]["CITYOPS_STA__MQTT_USERNAME"]
    assert secret_files(SERVICES["api"])["cityops_sta__mqtt_password"] == f"mqtt_{user}_password"
    assert f"mqtt_{user}_password" in SERVICES["broker-users"]["secrets"]
    assert SERVICES["api"]["environment"]["CITYOPS_MQTT__HOST"] == "broker"


def test_pages_have_memory_for_the_processes_that_plan() -> None:
    """Pages and planners in one container: four of them at 130 MB were over 512 MB before any had a town's streets."""
    assert SERVICES["api"]["deploy"]["resources"]["limits"]["memory"] == "2G"
    unit = (ROOT / "deploy" / "systemd" / "cityops-api.service").read_text(encoding="utf-8")
    assert "\nMemoryMax=2G\n" in unit


def test_secrets_stay_out_of_the_repository() -> None:
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert {"/deploy/secrets/", "/.env"} <= set(ignored)
    assert "deploy" not in (ROOT / ".dockerignore").read_text()


def test_every_provisioned_choice_of_database_exists() -> None:
    folder = ROOT / "dashboards" / "provisioning" / "datasources"
    loaded = {p.stem: yaml.safe_load(p.read_text())["datasources"][0] for p in folder.glob("*.yaml")}
    assert {n: d["jsonData"]["timescaledb"] for n, d in loaded.items()} == {
        "timescaledb": True,
        "postgresql": False,
    }
    for source in loaded.values():
        assert source["uid"] == "cityops-db"
        assert source["type"] == "grafana-postgresql-datasource"
        assert source["user"] == "grafana"
        assert source["secureJsonData"] == {"password": "$__file{/run/secrets/grafana_db_password}"}
        wanted = set(re.findall(r"\$\{(\w+)\}", json.dumps(source)))
        assert wanted <= set(SERVICES["grafana"]["environment"])


def test_boards_are_where_grafana_looks() -> None:
    provider = yaml.safe_load(
        (ROOT / "dashboards" / "provisioning" / "dashboards" / "cityops.yaml").read_text()
    )
    path = provider["providers"][0]["options"]["path"]
    assert f"./dashboards/generated:{path}:ro" in SERVICES["grafana"]["volumes"]
    home = SERVICES["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert (ROOT / "dashboards" / "generated" / Path(home).relative_to(path)).is_file()


def test_ingesters_may_be_several() -> None:
    """``docker compose up --scale ingest=3``: nothing of a container is there once only."""
    ingest = SERVICES["ingest"]
    assert not {"container_name", "ports", "hostname", "volumes"} & set(ingest)
    assert SERVICES["broker"]["deploy"]["resources"]["limits"]["memory"] == "2G"  # holds its queues


@OURS
def test_settings_exist(name: str) -> None:
    known = {variable(path) for path in leaves(Settings)}
    assert set(SERVICES[name].get("environment", {})) <= known
    by_path = [str(v).removeprefix("/run/secrets/") for v in SERVICES[name].get("environment", {}).values()]
    assert {t.upper() for t in secret_files(SERVICES[name]) if t not in by_path} <= known


@OURS
def test_settings_load(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The service's environment and secret files make valid settings, secrets included."""
    for target in secret_files(SERVICES[name]):
        (tmp_path / target).write_text("postgresql://secret" if target.endswith("dsn") else "secret" * 3)
    for key, value in SERVICES[name].get("environment", {}).items():
        monkeypatch.setenv(key, str(value))
    monkeypatch.setitem(Settings.model_config, "secrets_dir", str(tmp_path))
    settings = Settings()
    targets = secret_files(SERVICES[name])
    assert (settings.db.dsn == "postgresql://secret") == ("cityops_db__dsn" in targets)
    assert (settings.mqtt.password is not None) == ("cityops_mqtt__password" in targets)
    for team in ("housing", "winter", "bin_days", "crew", "ops"):
        password = getattr(settings, team).password
        assert (password is not None) == (f"cityops_{team}__password" in targets) == (name == "api"), team


@OURS
def test_commands_exist(name: str) -> None:
    """Each ``command:`` names a command of ``cityops`` with options that it has."""
    must_be_a_command([str(word) for word in SERVICES[name]["command"]])


def test_the_start_that_is_told_of_is_the_start_of_this_file() -> None:
    """docs/stack-start.md, the log of a real run: nothing in it started before what it waits for."""
    page = (ROOT / "docs" / "stack-start.md").read_text(encoding="utf-8")
    lines = re.findall(
        r"^\| ([\d.]+) \| `([a-z-]+)` \| (started|healthy|ended, exit code 0)", page, re.MULTILINE
    )
    when = {(name, what): number for number, (_, name, what) in enumerate(lines)}
    started = {name for name, what in when if what == "started"}
    assert started == set(SERVICES) - {"grafana", "prometheus", "alertmanager", "host"}
    for name in started:
        for other, condition in SERVICES[name].get("depends_on", {}).items():
            done = "healthy" if condition["condition"] == "service_healthy" else "ended, exit code 0"
            assert when[other, done] < when[name, "started"], (
                f"{name}: run the test that writes the page again"
            )
    stopped = re.findall(r"`([a-z]+)` \| stopped, exit code (\d+)", page)
    assert {code for _, code in stopped} == {"0"}
    assert [name for name, _ in stopped][-1] == "broker"


def test_grafana_is_given_every_variable_that_its_provisioning_names() -> None:
    asked = {
        name
        for file in (ROOT / "dashboards" / "provisioning").rglob("*.y*ml")
        for name in re.findall(r"\$\{(\w+)\}", file.read_text(encoding="utf-8"))
    }
    assert {"GRAFANA_DB_HOST", "GRAFANA_ALERT_EMAIL"} <= asked
    assert asked <= set(SERVICES["grafana"]["environment"])
