"""Processes that start at once: forked from one that has everything imported (``command_server``).

``Quick`` is a ``Popen`` for ``python -m ops_api …`` and for the same under the kernel's lifeline; any other command it
starts as ``Popen`` does. The process is a child of this one with the environment, the folder and the descriptors that
were asked for. Two things tell it from one that was started: what ``ps`` prints of it, and its memory.
"""

from __future__ import annotations

import atexit
import ctypes
import inspect
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cityops.embedded import lifeline
from tests.fakes import command_server
from tests.fakes.command_server import CODE

BARE = {"PATH": "/usr/sbin:/usr/bin:/bin", "HOME": "/nonexistent"}
SERVER = Path(command_server.__file__)
MODULES = ("ops_api", "tests.fakes.ingest_worker")
GUARD = [sys.executable, "-I", "-S", str(Path(lifeline.__file__))]
ANSWER_S = 300.0
"""So long the server may take to import everything, on a machine that is busy [s]."""
_SUBREAPER = 36
_Popen = subprocess.Popen
_asking = threading.Lock()
_servers: dict[tuple[int, str], socket.socket] = {}
"""By the process whose they are and the folder of further libraries that they have, if any."""


def use(server: socket.socket) -> None:
    """Have this process's own server."""
    _servers[os.getpid(), ""] = server


def runs_tests() -> None:
    """Have a server that starts processes which run tests, as copies of one that has imported what most of them do."""
    _server("", "tests")
    subprocess.Popen = Quick  # type: ignore[misc]


def _server(library: str, *words: str) -> socket.socket:
    """Return the socket of this process's server, or of the one with further libraries."""
    mine = os.getpid(), library
    if mine not in _servers:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        started = _Popen(
            [sys.executable, str(SERVER), str(theirs.fileno()), *words], pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL,
            env=BARE | {"OPENBLAS_NUM_THREADS": "1", "NUMBA_DISABLE_JIT": "1", "PYTHONPATH": library},
        )  # fmt: skip
        theirs.close()
        atexit.register(started.kill)
        ours.settimeout(ANSWER_S)
        _servers[mine] = ours
    return _servers[mine]


def start(
    module: str,
    program: Sequence[str],
    environment: dict[str, str],
    descriptors: Sequence[int],
    *,
    folder: str | None = None,
    guard: Sequence[str] | None = None,
    new_session: bool = False,
    library: str = "",
) -> int:
    """Start a command and return its process id: a child of this process.

    Args:
        module: what ``-m`` names, or ``-c``.
        program: the words after it.
        environment, folder: of the process.
        descriptors: what becomes its 0, 1 and 2.
        guard: the lifeline's own arguments; the command is that one's child then.
        new_session: whether it leads a session.
        library: a folder of libraries that go before the environment's.
    """
    ask = {
        "module": module, "program": program, "guard": guard, "env": environment, "cwd": folder or str(Path.cwd()),
        "parent": os.getpid(), "new_session": new_session,
    }  # fmt: skip
    with _asking:
        server = _server(library)
        _adopt(True)  # whose parent has ended is a child of ours
        try:
            socket.send_fds(server, [json.dumps(ask).encode()], descriptors)
            answer = server.recv(64)
        finally:
            _adopt(False)
    if not answer:
        _servers.pop((os.getpid(), library)).close()
        raise OSError("the server of commands has ended")
    return int(answer)


def _adopt(really: bool) -> None:
    ctypes.CDLL(None).prctl(_SUBREAPER, int(really), 0, 0, 0)


class Quick(subprocess.Popen[Any]):
    """Starts what it knows from the server."""

    def _execute_child(self, *given: Any) -> None:
        asked = _named(given)
        found = _ours([os.fspath(a) for a in asked["args"]]) if _simple(asked) else None
        if found is None:
            super()._execute_child(*given)  # type: ignore[misc]
            return
        module, program, guard = found
        theirs = [asked["p2cread"], asked["c2pwrite"], asked["errwrite"]]
        environment = dict(os.environ if asked["env"] is None else asked["env"])
        self.pid = start(
            module, program, environment, [n if fd == -1 else fd for n, fd in enumerate(theirs)],
            folder=None if asked["cwd"] is None else os.fspath(asked["cwd"]),
            guard=guard, new_session=asked["start_new_session"],
        )  # fmt: skip
        _created(self, asked)


class Forked(subprocess.Popen[Any]):
    """Starts what it knows as a copy of this process, in the lifeline's: that has one thread only."""

    def _execute_child(self, *given: Any) -> None:
        asked = _named(given)
        found = _ours(list(asked["args"]))
        assert found is not None, "asked for as what it knows"
        self.pid = os.fork()
        if self.pid == 0:
            signal.set_wakeup_fd(-1)
            for number, descriptor in enumerate([asked["p2cread"], asked["c2pwrite"], asked["errwrite"]]):
                if descriptor not in (-1, number):
                    os.dup2(descriptor, number)
            os.chdir(asked["cwd"])
            asked["preexec_fn"]()
            subprocess.Popen = _Popen  # type: ignore[misc]  # what it starts itself, as a back-up pg_dump, is another program
            command_server.run_module(found[0], found[1])
        _created(self, asked)


def _named(given: tuple[Any, ...]) -> dict[str, Any]:
    return inspect.signature(_Popen._execute_child).bind(None, *given).arguments  # type: ignore[attr-defined]


def _simple(asked: dict[str, Any]) -> bool:
    """Whether nothing is asked for that the server does not do."""
    plain = not isinstance(asked["args"], str | bytes) and asked["preexec_fn"] is None and not asked["shell"]
    return plain and sys.platform == "linux"


def _ours(words: list[str]) -> tuple[str, list[str], list[str] | None] | None:
    """Return module, words after it and the lifeline's arguments, if any."""
    guard = None
    if words[:4] == GUARD and "--" in words:
        guard, words = words[4:], words[words.index("--") + 1 :]
        if "--uid" in guard[: guard.index("--")]:
            return None
    if words[:-1] == [sys.executable, "-u", CODE] and guard is None:
        return CODE, words[-1:], None
    if words[:2] != [sys.executable, "-m"] or words[2] not in MODULES:
        return None
    return words[2], words[3:], guard


def _created(process: Any, asked: dict[str, Any]) -> None:
    process._child_created = True
    process._close_pipe_fds(
        *(asked[name] for name in ("p2cread", "p2cwrite", "c2pread", "c2pwrite", "errread", "errwrite"))
    )
