"""The process in which codecs run. Reads frames from its input and writes answers to its output.

It starts with nothing in its environment, opens no file after it has started and no socket at all (RLIMIT_NOFILE), and
the system ends it when one call has used too much processor time (ITIMER_PROF): what the engine itself cannot stop.
"""

from __future__ import annotations

import json
import signal
import sys
from contextlib import suppress

from ingest.sandbox.engine import Engine, stopped
from ingest.sandbox.frames import CALL, HEAD, LOAD, REPLY
from ingest.sandbox.limits import Limits


def main() -> None:
    """Serve until the other end is closed. ``sys.argv[1]`` are the limits, as JSON."""
    limits = Limits(**json.loads(sys.argv[1]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of the terminal: whoever started us says when to end
    fence(limits.process_bytes)
    engines: dict[int, Engine] = {}
    take, give = sys.stdin.buffer, sys.stdout.buffer
    while head := take.read(HEAD.size):
        what, codec, size = HEAD.unpack(head)
        text = take.read(size).decode()
        if what == LOAD:
            engines[codec] = Engine(text, limits)
        elif what == CALL:
            answer = guarded(engines[codec], text, limits)
            give.write(REPLY.pack(len(answer)) + answer)
            give.flush()
        else:
            engines.pop(codec, None)


def guarded(engine: Engine, text: str, limits: Limits) -> bytes:
    """Run one call with the system's clock behind it, which ends this process."""
    try:
        signal.setitimer(signal.ITIMER_PROF, limits.load_s + limits.native_s)
        if (late := engine.prepare()) is not None:
            return late.encode()
        signal.setitimer(signal.ITIMER_PROF, limits.native_s)
        return engine.call(text).encode("utf-8", "replace")
    except MemoryError:
        return stopped("too_much_memory", "needs more memory than a process for codecs may have").encode()
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def fence(process_bytes: int) -> None:
    """Take from this process what it needs no more; a limit that the system does not know is left out."""
    import resource

    for name, most in (
        ("RLIMIT_AS", process_bytes),
        ("RLIMIT_NOFILE", 3),
        ("RLIMIT_FSIZE", 0),
        ("RLIMIT_CORE", 0),
    ):
        with suppress(AttributeError, ValueError, OSError):
            resource.setrlimit(getattr(resource, name), (most, most))
