"""``cityops`` as people run it, each time in a process of its own that need not import everything again."""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import IO

SERVER = Path(__file__).with_name("command_server.py")
BARE = {"PATH": "/usr/sbin:/usr/bin:/bin", "HOME": "/nonexistent"}


@cache
def _server(_process: int) -> tuple[IO[str], IO[str]]:
    """One for each process that runs tests."""
    started = subprocess.Popen(
        [sys.executable, str(SERVER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env=BARE | {"OPENBLAS_NUM_THREADS": "1", "NUMBA_DISABLE_JIT": "1"},
    )  # fmt: skip
    atexit.register(started.kill)
    assert started.stdin is not None
    assert started.stdout is not None
    return started.stdin, started.stdout


def cityops(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command with nothing in its environment but ``environment`` and wait for its end."""
    asks, answers = _server(os.getpid())
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        ask = {
            "words": words, "env": BARE | environment, "cwd": str(Path.cwd()), "out": str(out), "err": str(err),
        }  # fmt: skip
        try:
            asks.write(json.dumps(ask) + "\n")
            asks.flush()
            code = json.loads(answers.readline())["code"]
        except (
            BaseException
        ):  # interrupted, or the server has died: the next answer would be another command's
            asks.close()
            _server.cache_clear()
            raise
        return subprocess.CompletedProcess(words, code, out.read_text(), err.read_text())
