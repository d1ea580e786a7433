"""A process that has everything imported and forks itself for each command.

Each command runs in a process of its own, with its own environment, folder and descriptors, as if it had been
started; only the imports are made once. Asked over a socket (:mod:`tests.fakes.quick_start`), it forks twice and the
first of them ends: what runs the command is then a child of whoever asked, to be signalled, watched and waited for.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
import types
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules, walk_packages
from typing import Any

REQUEST_BYTES = 1 << 17
MANY_SERVICES = ("replay", "demo", "verify")
"""Commands that start services: they have a server of their own, since a service is a child of its command."""
CODE = "-c"
"""In place of a module: the only word is the program, as a process that runs tests is started."""
FOR_TESTS = ("bench", "devices", "firmware_sim", "ingest", "rules")
"""Packages that tests import beside those of commands."""
LIBRARIES = ("PIL.Image", "playwright.async_api", "psycopg_pool", "scipy.optimize", "scipy.stats")
OF_PLUGINS = ("anyio", "hypothesis", "platformdirs")
"""Libraries that are plugins of pytest, too, which would rewrite them and complains that it can't any more."""


def preload() -> None:
    """Import what commands import when they run."""
    import ops_api

    for module in iter_modules(ops_api.__path__, "ops_api."):
        if not module.name.endswith("__main__"):
            import_module(module.name)
    for name in ("cityops.embedded.lifeline", "uvloop"):
        import_module(name)
    with contextlib.suppress(ImportError):  # it has a folder of its own
        import_module("grafana_client")


def preload_tests() -> None:
    """Import what most of the tests do, so that it is done once and not in each process that runs tests."""
    for package in map(import_module, FOR_TESTS):
        for module in walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith("__main__"):
                with contextlib.suppress(ImportError):
                    import_module(module.name)
    for name in LIBRARIES:
        with contextlib.suppress(ImportError):
            import_module(name)
    for name, found in list(sys.modules.items()):
        if name.partition(".")[0] in OF_PLUGINS:
            found.__doc__ = f"{found.__doc__ or ''}\n\nPYTEST_DONT_REWRITE"


def serve(asked: socket.socket) -> None:
    """Answer each request with the process id of what was started, until whoever asks has ended."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal tells the whole group
    while True:
        text, descriptors, _, _ = socket.recv_fds(asked, REQUEST_BYTES, 3)
        if not text:
            return
        first = os.fork()
        if first == 0:
            if os.fork() != 0:
                os._exit(0)
            _begin(json.loads(text), descriptors, asked)
        for descriptor in descriptors:
            os.close(descriptor)
        os.waitpid(first, 0)


def _begin(ask: dict[str, Any], descriptors: list[int], asked: socket.socket) -> None:
    """Become a process as one that was started. Never returns: what the server is doing is not its business."""
    from tests.fakes import quick_start

    try:
        while os.getppid() != ask["parent"]:  # the one between us has not ended yet
            time.sleep(0.0002)
        if ask["new_session"]:
            os.setsid()
        for number, descriptor in enumerate(descriptors):
            os.dup2(descriptor, number)
            os.close(descriptor)
        become(ask["env"], ask["cwd"])
        asked.send(str(os.getpid()).encode())
        asked.close()
        if set(ask["program"][:1]) & set(MANY_SERVICES):
            quick_start.use(have_server())
            subprocess.Popen = quick_start.Quick  # type: ignore[misc]
        elif ask["module"] == CODE:
            quick_start.use(have_server())
        _run(ask)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(1)


def _run(ask: dict[str, Any]) -> None:
    if ask["guard"] is None:
        run_module(ask["module"], ask["program"])
    from cityops.embedded import lifeline
    from tests.fakes import quick_start

    quick_start.subprocess.Popen = quick_start.Forked  # type: ignore[misc]
    os._exit(lifeline.main(ask["guard"]))


def become(environment: dict[str, str], folder: str | None) -> None:
    """Take over the environment and the folder."""
    if folder is not None:
        os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()


def have_server() -> socket.socket:
    """Leave a copy of this process as it is now, which starts the services of this one; return its socket."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    if os.fork() == 0:
        ours.close()
        nothing = os.open(os.devnull, os.O_RDWR)
        for number in range(3):
            os.dup2(nothing, number)
        serve(theirs)
        os._exit(0)
    theirs.close()
    return ours


def run_module(module: str, words: list[str]) -> None:
    """Run ``python -m module words`` in this process and end it as Python does."""
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(write_through="PYTHONUNBUFFERED" in os.environ)  # type: ignore[union-attr]
    sys.argv = [CODE] if module == CODE else ["cityops", *words]
    code = 0
    try:
        if module == CODE:
            sys.modules["__main__"] = types.ModuleType("__main__")  # no file, as that of no other ``-c``
            exec(words[0], vars(sys.modules["__main__"]))
        else:
            runpy.run_module(module, run_name="__main__")
    except SystemExit as done:
        code = _code_of(done)
    except BaseException:
        traceback.print_exc()
        code = 1
    with contextlib.suppress(BaseException):
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


def _code_of(done: SystemExit) -> int:
    if isinstance(done.code, str):
        print(done.code, file=sys.stderr)
        return 1
    return done.code or 0


def main() -> None:
    sys.path.insert(0, str(Path(__file__).parents[2]))
    gc.disable()
    preload()
    if "tests" in sys.argv[2:]:
        preload_tests()
    assert threading.active_count() == 1, "a copy of a process has one thread only"
    gc.collect()
    gc.freeze()
    gc.enable()
    serve(socket.socket(fileno=int(sys.argv[1])))


if __name__ == "__main__":
    main()
