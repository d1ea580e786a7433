"""``cityops verify`` as its user starts it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.fakes.command_line import cityops

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("quick_start"), pytest.mark.timeout(900)]


def words_of(folder: Path, *options: str) -> list[str]:
    return ["verify", "durability", "--data-dir", str(folder), "--devices", "10", *options]


def command(folder: Path, *options: str) -> list[str]:
    return [sys.executable, "-m", "ops_api", *words_of(folder, *options)]


def test_it_proves_a_small_run_and_its_history_can_be_judged_again(server_dir: Path, tmp_path: Path) -> None:
    kept = tmp_path / "run.history"
    done = subprocess.run(
        [
            *command(
                server_dir / "verify", "--messages", "2000", "--faults", "kill-ingester", "--times", "1"
            ),
            *("--seed", "3", "--json", "--keep-history", str(kept)),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    figures = json.loads(done.stdout)
    assert figures["passed"]
    assert figures["verdict"]["committed"] == figures["verdict"]["created"] == 2_000
    assert len(figures["faults"]) == 1
    assert "--seed 3" in figures["command"]
    assert "kill-ingester" in done.stderr

    again = cityops("verify", "history", str(kept))
    assert again.returncode == 0, again.stderr
    assert "passed" in again.stdout
    lines = kept.read_text().splitlines(keepends=True)
    kept.write_text("".join(line for line in lines if not line.startswith("row verify-00003")))
    spoilt = cityops("verify", "history", str(kept))
    assert spoilt.returncode == 1
    assert "receipted missing: verify-00003 boot 1 sequence 0" in spoilt.stdout


def test_ctrl_c_leaves_no_process(server_dir: Path) -> None:
    folder = server_dir / "verify-stopped"
    process = subprocess.Popen(
        command(folder, "--messages", "1000000", "--faults", "stop-db,kill-broker"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if "published" in line:
            break
    children = psutil.Process(process.pid).children(recursive=True)
    assert children
    process.send_signal(signal.SIGINT)
    rest = process.stdout.read()
    assert process.wait(timeout=300) == 130, rest
    assert "nothing is proven" in rest
    deadline_s = time.monotonic() + 60
    while any(child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in children):
        assert time.monotonic() < deadline_s, [c for c in children if c.is_running()]
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--faults", "kill-cat"], "'kill-cat' is unknown; allowed are kill-ingester"),
        (["--messages", "0"], "--messages"),
        (["--messages", "100000", "--seconds", "60"], "--messages 100000 and --seconds 60: "),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, options: list[str], words: str) -> None:
    done = cityops(*words_of(tmp_path, *options))
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_the_faults_are_listed_and_a_file_that_is_no_history_is_named(tmp_path: Path) -> None:
    listed = cityops("verify", "faults")
    assert listed.returncode == 0, listed.stderr
    assert "half-open" in listed.stdout
    (tmp_path / "x").write_text("hello\n")
    done = cityops("verify", "history", str(tmp_path / "x"))
    assert (done.returncode, "line 1" in done.stderr) == (2, True)
