"""``cityops`` as people run it, each time in a process of its own that need not import everything again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.fakes import quick_start
from tests.fakes.quick_start import BARE


def cityops(*words: str, library: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command with nothing in its environment but ``environment`` and wait for its end.

    Args:
        words: of the command.
        library: a folder of libraries that go before the environment's.
        environment: of the process, beside what is bare necessity.
    """
    if sys.platform != "linux":
        command = [sys.executable, "-m", "ops_api", *words]
        given = BARE | environment | ({"PYTHONPATH": library} if library else {})
        return subprocess.run(command, env=given, capture_output=True, text=True, check=False)
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        with Path(os.devnull).open() as nothing, out.open("w") as said, err.open("w") as complained:
            descriptors = [nothing.fileno(), said.fileno(), complained.fileno()]
            process = quick_start.start("ops_api", words, BARE | environment, descriptors, library=library)
        try:
            code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
        except BaseException:  # interrupted, or it takes too long
            os.kill(process, signal.SIGKILL)
            raise
        return subprocess.CompletedProcess(words, code, out.read_text(), err.read_text())
