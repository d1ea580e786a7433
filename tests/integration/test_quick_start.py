"""A copy of a process that has all imported is, to those who start it, the command itself (``tests.fakes.quick_start``)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from cityops.embedded.process import ServerProcess
from tests.fakes.quick_start import BARE, Quick

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="copies are made on Linux only")

COMMAND = [sys.executable, "-m", "ops_api"]
NOWHERE = BARE | {"CITYOPS_DB__DSN": "postgresql://127.0.0.1:1/nowhere", "CITYOPS_INGEST__HEALTH_PORT": "0"}


def ended(popen: Any, folder: Path, *words: str) -> tuple[int, str, str]:
    """Return exit code, output and errors of a command."""
    process = popen(
        [*COMMAND, *words], env=BARE | {"CITYOPS_LOG__LEVEL": "error"}, cwd=folder,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def waiting(popen: Any, folder: Path) -> Any:
    """Start an ingester, whose database is not there, and wait until it says so."""
    process = popen([*COMMAND, "ingest"], env=NOWHERE, cwd=folder, stderr=subprocess.PIPE)
    assert b"devices can't be loaded" in process.stderr.readline()
    return process


@pytest.mark.parametrize(
    ("words", "code"),
    [(("config", "show"), 0), (("rules", "--nonsense"), 2), (("bench", "bins", "x.csv"), 2)],
)
def test_it_says_the_same_and_ends_with_the_same_code(
    tmp_path: Path, words: tuple[str, ...], code: int
) -> None:
    found = ended(Quick, tmp_path, *words)
    assert found == ended(subprocess.Popen, tmp_path, *words)
    assert found[0] == code
    assert "error" in found[1] if words == ("config", "show") else found[2]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_it_is_a_child_in_its_folder_and_ends_by_signals(tmp_path: Path, number: signal.Signals) -> None:
    process = waiting(Quick, tmp_path)
    try:
        it = psutil.Process(process.pid)
        assert (it.ppid(), it.cwd(), it.num_threads() > 0) == (os.getpid(), str(tmp_path), True)
        assert os.getsid(process.pid) == os.getsid(0)
        assert process.poll() is None
        process.send_signal(number)
        code = process.wait(30)
    finally:
        process.kill()
        process.wait()
        process.stderr.close()
    assert code == (-9 if number == signal.SIGKILL else 0)


@pytest.mark.usefixtures("quick_start")
def test_under_the_lifeline_it_is_the_guards_child_and_ends_with_it(tmp_path: Path) -> None:
    log = tmp_path / "log"
    server = ServerProcess(
        [*COMMAND, "ingest"], account=None, log_file=log, stop_signal=signal.SIGTERM, env=NOWHERE
    )
    it = psutil.Process(server.pid)
    guard = it.parent()
    assert guard is not None
    assert guard.ppid() == os.getpid()
    assert os.getsid(guard.pid) == guard.pid
    guard.kill()
    gone, left = psutil.wait_procs([it], 30)
    assert (len(gone), left) == (1, [])
    server.kill()
