"""deploy/systemd: units that systemd reads without complaint, hardened, with the commands and secrets of the compose stack."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from cityops.settings import Settings
from cityops.settings_check import leaves, variable
from tests.fakes.commands import must_be_a_command
from tests.fakes.compose import ROOT, load, secret_files

FOLDER = ROOT / "deploy" / "systemd"
COMPOSE = load()["services"]
UNITS = {p.name: p for p in sorted(FOLDER.iterdir()) if p.suffix in {".service", ".timer", ".target"}}
OURS = ("migrate", "ingest", "rules", "notify", "fleet", "api", "backup")
SERVICES = pytest.mark.parametrize("name", OURS)
EXPOSURE_MOST = 1.5
"""By systemd's own reckoning, 0 (closed) to 10 (a service as it comes)."""


def _read(unit: str) -> dict[str, list[str]]:
    """Return the values by ``Section.Key``; a key may be there more than once."""
    found: dict[str, list[str]] = {}
    section = ""
    for line in UNITS[unit].read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith("#"):
            key, equals, value = line.partition("=")
            assert equals, f"{unit}: {line}"
            found.setdefault(f"{section}.{key}", []).append(value)
    return found


def _settings(unit: dict[str, list[str]]) -> dict[str, str]:
    pairs = [pair for line in unit["Service.Environment"] for pair in shlex.split(line)]
    return dict(pair.split("=", 1) for pair in pairs)


def _secrets(unit: dict[str, list[str]]) -> dict[str, str]:
    return {c.split(":")[0]: Path(c.split(":")[1]).name for c in unit["Service.LoadCredential"]}


@SERVICES
def test_commands_settings_and_secrets_are_those_of_compose(name: str) -> None:
    unit = _read(f"cityops-{name}.service")
    program, *words = shlex.split(unit["Service.ExecStart"][0])
    assert program == "/opt/cityops/bin/cityops"
    assert words == COMPOSE[name]["command"]
    must_be_a_command(words)
    theirs = {t: s for t, s in secret_files(COMPOSE[name]).items() if not s.startswith("mqtt_server")}
    assert _secrets(unit) == theirs
    given = _settings(unit)
    assert {n for n in given if n.startswith("CITYOPS_")} <= {variable(path) for path in leaves(Settings)}
    for key, value in COMPOSE[name].get("environment", {}).items():
        if key.endswith(("_PORT", "USERNAME")):
            assert given[key] == value
    assert "127.0.0.1" in given.get("CITYOPS_API__HOST", "127.0.0.1")


@SERVICES
def test_a_unit_is_bounded_hardened_and_without_root(name: str) -> None:
    unit = _read(f"cityops-{name}.service")
    assert unit["Service.User"] == unit["Service.Group"] == ["cityops"]
    assert {"Service.MemoryMax", "Service.TasksMax"} <= set(unit)
    for key in ("NoNewPrivileges", "ProtectHome", "PrivateTmp", "PrivateDevices", "RestrictNamespaces"):
        assert unit[f"Service.{key}"] == ["yes"]
    assert unit["Service.ProtectSystem"] == ["strict"]
    assert unit["Service.CapabilityBoundingSet"] == [""]
    assert unit["Service.SystemCallFilter"][0] == "@system-service"
    compiles = name in {"rules", "api", "migrate", "notify"}
    assert ("Service.MemoryDenyWriteExecute" in unit) == (not compiles)
    staying = name not in {"migrate", "backup"}
    wanted = {"migrate": ["on-failure"], "backup": ["no"]}.get(name, ["always"])
    assert unit.get("Service.Restart", ["no"]) == wanted
    assert name == "backup" or unit["Unit.StartLimitIntervalSec"] == ["0"]
    # A dependency that failed once keeps a unit down for good: after a boot at which the database was late, all of them.
    assert "Unit.Requires" not in unit
    assert ("cityops-migrate.service" in unit["Unit.Wants"]) == staying
    assert not staying or int(unit["Service.TimeoutStopSec"][0]) >= 40


def test_no_secret_is_in_a_unit() -> None:
    for unit in UNITS:
        text = UNITS[unit].read_text(encoding="utf-8")
        assert not re.search(r"^Environment=.*(PASSWORD|DSN)", text, re.MULTILINE)
        assert "postgresql://" not in text


def _beside_the_programs(folder: Path) -> list[str]:
    """Copy the units with programs that exist here, and the units of others that they name."""
    for unit, file in UNITS.items():
        text = re.sub(r"(?<==)/(opt|usr/bin)/\S+", "/bin/true", file.read_text(encoding="utf-8"))
        (folder / unit).write_text(text)
    (folder / "docker.service").write_text("[Service]\nExecStart=/bin/true\n")
    return [str(folder / unit) for unit in UNITS]


@pytest.fixture
def analyze() -> str:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("no systemd-analyze on this machine")
    return program


def test_systemd_reads_every_unit(analyze: str, tmp_path: Path) -> None:
    units = _beside_the_programs(tmp_path)
    environment = {**os.environ, "SYSTEMD_UNIT_PATH": f"{tmp_path}:"}
    done = subprocess.run(
        [analyze, "verify", "--man=no", *units], env=environment, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    (tmp_path / "cityops-api.service").write_text("[Service]\nExecStart=/bin/true\nProtectHme=yes\n")
    wrong = subprocess.run(
        [analyze, "verify", "--man=no", *units], env=environment, capture_output=True, text=True
    )
    assert "ProtectHme" in wrong.stderr


@SERVICES
def test_systemd_finds_little_exposed(name: str, analyze: str, tmp_path: Path) -> None:
    _beside_the_programs(tmp_path)
    unit = tmp_path / f"cityops-{name}.service"
    command = [analyze, "security", "--offline=true", "--no-pager", str(unit)]
    done = subprocess.run(command, capture_output=True, text=True)
    found = re.search(r"exposure level for \S+: ([\d.]+)", done.stdout)
    assert found is not None, done.stdout + done.stderr
    assert float(found[1]) <= EXPOSURE_MOST


def test_timers_have_their_services_and_make_up_what_they_missed() -> None:
    timers = [unit for unit in UNITS if unit.endswith(".timer")]
    assert len(timers) == 4
    for unit in timers:
        assert unit.replace(".timer", ".service") in UNITS
        assert _read(unit)["Timer.Persistent"] == ["yes"]
        assert _read(unit)["Install.WantedBy"] == ["timers.target"]


@pytest.mark.parametrize("parts", [(), ("ingest",), ("api", "backup")])
def test_what_is_installed_is_what_was_asked_for(parts: tuple[str, ...], tmp_path: Path) -> None:
    environment = {**os.environ, "ROOT": str(tmp_path)}
    done = subprocess.run([FOLDER / "install.sh", *parts], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    there = {p.name for p in (tmp_path / "etc/systemd/system").iterdir()}
    wanted = {
        f"cityops-{part}.service" for part in parts or ("ingest", "rules", "notify", "fleet", "api", "backup")
    }
    timer = {"cityops-backup.timer"} if "cityops-backup.service" in wanted else set()
    assert there == wanted | timer | {"cityops.target", "cityops-migrate.service"}
    assert (tmp_path / "etc/cityops/secrets").stat().st_mode & 0o777 == 0o700


def test_an_unknown_part_is_refused_before_anything_is_installed(tmp_path: Path) -> None:
    environment = {**os.environ, "ROOT": str(tmp_path)}
    done = subprocess.run([FOLDER / "install.sh", "ingest", "town"], env=environment, capture_output=True)
    assert done.returncode == 1
    assert list(tmp_path.iterdir()) == []
