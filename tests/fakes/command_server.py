"""A process that has everything imported and forks itself for each command.

Each command runs in a process of its own, with its own environment, folder and files for what it says, as if
it had been started; only the imports are made once. Requests and answers are lines of JSON.
"""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any


def preload() -> None:
    """Import what commands import when they run."""
    import ops_api

    for module in iter_modules(ops_api.__path__, "ops_api."):
        if not module.name.endswith("__main__"):
            import_module(module.name)


def become(ask: dict[str, Any]) -> None:
    """Make this process the command's: folder, environment, input and outputs."""
    os.chdir(ask["cwd"])
    os.environ.clear()
    os.environ.update(ask["env"])
    time.tzset()
    for descriptor, path in ((1, ask["out"]), (2, ask["err"])):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), descriptor)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.argv = ["cityops", *ask["words"]]


def run() -> int:
    """Run the command and return its exit code."""
    from ops_api.cli import main

    try:
        main()
    except SystemExit as done:
        if isinstance(done.code, str):
            print(done.code, file=sys.stderr)
            return 1
        return done.code or 0
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def child(ask: dict[str, Any]) -> None:
    """Never returns: what the server is doing is not the command's business."""
    code = 1
    try:
        become(ask)
        code = run()
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(code)


def main() -> None:
    sys.path.insert(0, str(Path(__file__).parents[2]))
    preload()
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    for line in sys.stdin:
        ask = json.loads(line)
        pid = os.fork()
        if pid == 0:
            child(ask)
        answers.write(json.dumps({"code": os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])}) + "\n")


if __name__ == "__main__":
    main()
