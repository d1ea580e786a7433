"""The launcher's version: what the device says of it, and what the doctor does."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from devices.agent.doctor.launcher import launcher, version_of
from devices.agent.service import launcher_version
from devices.launcher import launch

FILE = Path(launch.__file__)


def said(tmp_path: Path, *, takes_updates: bool = True) -> list[tuple[str, str]]:
    found = launcher(takes_updates=takes_updates, installed=tmp_path / "launch.py", root=tmp_path / "update")
    return [(f.level, f.detail) for f in found]


def test_a_device_without_launcher_and_updates_is_not_spoken_of(tmp_path: Path) -> None:
    assert said(tmp_path, takes_updates=False) == []
    assert said(tmp_path)[0][0] == "warn"


def test_one_as_old_as_its_agent_is_well(tmp_path: Path) -> None:
    (tmp_path / "launch.py").write_bytes(FILE.read_bytes())
    assert said(tmp_path) == [("ok", f"version {launch.VERSION}, as the agent wants")]


@pytest.mark.parametrize(("text", "version"), [("STATE = 1\n", 0), ("VERSION = 1\n", 1)])
def test_an_older_one_is_told(tmp_path: Path, text: str, version: int) -> None:
    (tmp_path / "launch.py").write_text(text)
    assert version_of(tmp_path / "launch.py") == version
    [(level, detail)] = said(tmp_path)
    assert level == "warn"
    assert f"version {version}, older than the agent wants ({launch.VERSION})" in detail


def test_the_agent_in_a_slot_may_want_a_newer_one(tmp_path: Path) -> None:
    (tmp_path / "launch.py").write_bytes(FILE.read_bytes())
    wants = tmp_path / "update/slots/b/code/devices/launcher"
    wants.mkdir(parents=True)
    (wants / "launch.py").write_text("VERSION = 99\n")
    (tmp_path / "update/state.json").write_text(json.dumps({"current": "b", "trial": None}))
    assert "wants (99)" in said(tmp_path)[0][1]
    (tmp_path / "update/state.json").write_text("torn")
    assert said(tmp_path)[0][0] == "ok"


@pytest.mark.parametrize(("value", "version"), [("2", 2), ("", 0), ("x", 0), ("-1", 0), ("²", 0)])
def test_the_agent_knows_what_started_it(value: str, version: int) -> None:
    assert launcher_version({"CITYOPS_LAUNCHER": value}) == version
    assert launcher_version({}) == 0


def test_the_launcher_says_which_it_is(tmp_path: Path) -> None:
    """As systemd starts it: alone, with nothing that lies beside Python."""
    root = tmp_path / "update"
    agent = root / "slots/a/code/devices/agent"
    agent.mkdir(parents=True)
    (agent / "__main__.py").write_text("import os, sys; print(os.environ['CITYOPS_LAUNCHER'], sys.argv[1:])")
    for folder in (agent, agent.parent):
        (folder / "__init__.py").touch()
    (root / "slots/a/manifest.json").write_text("{}")
    (root / "state.json").write_text(json.dumps({"current": "a", "trial": None}))
    done = subprocess.run(
        [sys.executable, "-IS", str(FILE), str(root), "run", "--config", "x"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.stdout.strip() == f"{launch.VERSION} ['run', '--config', 'x']", done.stderr
