"""deploy/agent: a unit that systemd reads without complaint, hardened, and an installation that may be repeated."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from devices.agent.config import load_config
from tests.fakes.compose import ROOT

FOLDER = ROOT / "deploy" / "agent"
UNIT = FOLDER / "cityops-agent.service"
EXPOSURE_MOST = 2.0
"""By systemd's own reckoning, 0 (closed) to 10; below 2 in spite of the buses and pins."""


def settings() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in UNIT.read_text().splitlines():
        if "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


def test_it_is_watched_bounded_and_comes_back() -> None:
    unit = settings()
    assert unit["Type"] == ["notify"]
    assert 30 <= int(unit["WatchdogSec"][0]) <= 300
    assert unit["Restart"] == ["always"]
    assert unit["StartLimitIntervalSec"] == ["0"], "a device on a wall is never given up"
    assert unit["MemoryMax"] == ["96M"]
    assert "network-online.target" not in "".join(unit.get("After", []) + unit.get("Wants", []))


def test_it_has_no_root_and_only_the_devices_that_it_needs() -> None:
    unit = settings()
    assert unit["User"] == unit["Group"] == ["cityops-agent"]
    assert unit["SupplementaryGroups"] == ["i2c gpio dialout"]
    assert unit["CapabilityBoundingSet"] == [""]
    assert unit["ProtectSystem"] == ["strict"]
    assert unit["StateDirectory"] == ["cityops-agent"]
    assert unit["ReadWritePaths"] == ["-/etc/cityops-agent"], "it puts its next password there"
    assert "chown -R cityops-agent:cityops-agent" in (FOLDER / "install.sh").read_text()
    assert unit["DevicePolicy"] == ["closed"]
    assert {"char-i2c rw", "char-gpiochip rw"} <= set(unit["DeviceAllow"])
    assert not any("mem rw" in allowed and "gpiomem" not in allowed for allowed in unit["DeviceAllow"])
    assert unit["RestrictAddressFamilies"] == ["AF_INET AF_INET6 AF_UNIX"]
    assert unit["SystemCallFilter"] == ["@system-service", "~@privileged @resources", "setpriority"]
    for key in (
        "NoNewPrivileges",
        "ProtectHome",
        "PrivateTmp",
        "MemoryDenyWriteExecute",
        "RestrictNamespaces",
    ):
        assert unit[key] == ["yes"]


@pytest.fixture
def analyze() -> str:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("no systemd-analyze on this machine")
    return program


@pytest.fixture
def unit_file(tmp_path: Path) -> Path:
    """The unit with a program that exists here."""
    path = tmp_path / UNIT.name
    path.write_text(re.sub(r"ExecStart=\S+", "ExecStart=/bin/true", UNIT.read_text()))
    return path


def test_systemd_reads_it(analyze: str, unit_file: Path) -> None:
    done = subprocess.run(
        [analyze, "verify", "--man=no", str(unit_file)],
        env={**os.environ, "SYSTEMD_UNIT_PATH": f"{unit_file.parent}:"},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_systemd_finds_it_hardened(analyze: str, unit_file: Path) -> None:
    done = subprocess.run(
        [analyze, "security", "--offline=yes", "--no-pager", str(unit_file)], capture_output=True, text=True
    )
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
    assert found is not None, done.stdout + done.stderr
    assert float(found[1]) <= EXPOSURE_MOST, done.stdout


def install(root: Path, *words: str) -> None:
    done = subprocess.run(
        [str(FOLDER / "install.sh"), *words],
        env={**os.environ, "ROOT": str(root)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def test_it_may_be_installed_again_and_leaves_the_configuration(tmp_path: Path) -> None:
    install(tmp_path)
    config = tmp_path / "etc" / "cityops-agent" / "agent.toml"
    assert load_config(config).device.name == "frog-0001", "the example is right as it stands"
    assert stat.S_IMODE(config.stat().st_mode) == 0o640
    assert config.read_bytes() == config.with_name("agent.toml.example").read_bytes(), "claim may replace it"
    config.write_text("mine")
    unit = tmp_path / "etc" / "systemd" / "system" / UNIT.name
    unit.write_text("old")
    install(tmp_path)
    assert config.read_text() == "mine"
    assert unit.read_text() == UNIT.read_text()


LAUNCHER = "opt/cityops-launcher/launch.py"
DROP_IN = "etc/systemd/system/cityops-agent.service.d/launcher.conf"


def test_the_launcher_comes_unless_it_is_not_wanted_and_each_later_run_renews_it(tmp_path: Path) -> None:
    install(tmp_path, "--without-updates")
    assert not (tmp_path / LAUNCHER).exists(), "a device that takes no updates"
    install(tmp_path)
    new = (ROOT / "devices/launcher/launch.py").read_bytes()
    assert (tmp_path / LAUNCHER).read_bytes() == new
    (tmp_path / LAUNCHER).write_text("VERSION = 1\n")
    (tmp_path / DROP_IN).write_text("old")
    before = (tmp_path / LAUNCHER).stat().st_ino
    with (tmp_path / LAUNCHER).open() as running:
        install(tmp_path)
        assert running.read() == "VERSION = 1\n", (
            "what was read from is left as it is: renamed over, not written into"
        )
    assert (tmp_path / LAUNCHER).read_bytes() == new
    assert (tmp_path / LAUNCHER).stat().st_ino != before
    assert stat.S_IMODE((tmp_path / LAUNCHER).stat().st_mode) == 0o644
    assert (tmp_path / DROP_IN).read_text() == (FOLDER / "launcher.conf").read_text()
    at = (tmp_path / LAUNCHER).stat()
    install(tmp_path)
    assert (tmp_path / LAUNCHER).stat().st_mtime_ns == at.st_mtime_ns, "the same is not written again"
    assert [p.name for p in (tmp_path / LAUNCHER).parent.iterdir()] == ["launch.py"]


def test_a_launcher_that_does_not_load_is_not_put_in_place(tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    shutil.copytree(FOLDER, checkout / "deploy/agent")
    (checkout / "devices/launcher").mkdir(parents=True)
    (checkout / "devices/launcher/launch.py").write_text("def prepare(:")
    root = tmp_path / "root"
    install(root)
    good = (root / LAUNCHER).read_bytes()
    done = subprocess.run(
        [str(checkout / "deploy/agent/install.sh")],
        env={**os.environ, "ROOT": str(root)},
        capture_output=True,
    )
    assert done.returncode != 0
    assert (root / LAUNCHER).read_bytes() == good


def test_a_word_that_it_does_not_know_is_named(tmp_path: Path) -> None:
    done = subprocess.run(
        [str(FOLDER / "install.sh"), "--update"],
        env={**os.environ, "ROOT": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, "--update is not known" in done.stderr) == (1, True)


def test_the_script_is_right_for_a_plain_shell() -> None:
    shellcheck = shutil.which("shellcheck", path=str(ROOT / ".venv" / "bin")) or shutil.which("shellcheck")
    if shellcheck is None:
        pytest.skip("no shellcheck")
    done = subprocess.run([shellcheck, str(FOLDER / "install.sh")], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
