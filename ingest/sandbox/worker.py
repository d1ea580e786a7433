"""One process that runs codecs, seen from our side."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path

import _quickjs

from ingest.sandbox.frames import CALL, FORGET, LOAD, REPLY, frame
from ingest.sandbox.limits import Limits
from ingest.sandbox.ports import Codec, Problem

# Asked at once: less than a pipe holds (64 KiB on Linux), so that neither side waits for the other to read.
WINDOW_BYTES = 32 << 10
_START = "import sys; sys.path[:0] = sys.argv[2:]; from ingest.sandbox.child import main; main()"


class Worker:
    """A process that is started when it is needed, and again after it went down."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._process: subprocess.Popen[bytes] | None = None
        self._loaded: OrderedDict[int, None] = OrderedDict()
        self._hung = False

    def ask(self, codec: Codec, texts: list[str]) -> tuple[list[bytes], Problem | None]:
        """Return the answers of the first calls, and what happened if the process went down at the next one."""
        answers: list[bytes] = []
        waiting = [frame(CALL, codec.key, text.encode()) for text in texts]
        try:
            self._send(self._load(codec))
            while len(answers) < len(waiting):
                window = _window(waiting, len(answers))
                self._send(b"".join(window))
                for _ in window:
                    answers.append(self._receive())  # noqa: PERF401 - those before an end are kept
        except (BrokenPipeError, EOFError, TimeoutError):
            return answers, self._post_mortem()
        return answers, None

    def stop(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        self._loaded.clear()
        if process is not None and process.stdin and process.stdout:
            with suppress(BrokenPipeError):
                process.stdin.close()
            process.kill()
            process.wait()
            process.stdout.close()

    def _start(self) -> subprocess.Popen[bytes]:
        where = [str(Path(__file__).parents[2]), str(Path(_quickjs.__file__).parent)]
        self._hung = False
        return subprocess.Popen(
            [
                sys.executable,
                "-I",
                "-S",
                "-X",
                "utf8",
                "-c",
                _START,
                json.dumps(self._limits._asdict()),
                *where,
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            env={"TZ": "UTC"},
            cwd="/",
        )

    def _load(self, codec: Codec) -> bytes:
        if self._process is not None and self._process.poll() is not None:
            self.stop()  # it went down while it had nothing to do: no codec's fault
        if self._process is None:
            self._process = self._start()
        known = codec.key in self._loaded
        self._loaded[codec.key] = None
        self._loaded.move_to_end(codec.key)
        frames = b"" if known else frame(LOAD, codec.key, codec.source.encode())
        while len(self._loaded) > self._limits.codecs:
            frames += frame(FORGET, self._loaded.popitem(last=False)[0])
        return frames

    def _send(self, data: bytes) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        view = memoryview(data)
        while view:
            view = view[os.write(self._process.stdin.fileno(), view) :]

    def _receive(self) -> bytes:
        until = time.monotonic() + self._limits.wall_s
        (size,) = REPLY.unpack(self._read(REPLY.size, until))
        return self._read(size, until)

    def _read(self, size: int, until: float) -> bytes:
        assert self._process is not None
        assert self._process.stdout is not None
        pipe, parts, missing = self._process.stdout.fileno(), [], size
        ready = select.poll()  # select() takes no number above 1,023, and a busy website has such
        ready.register(pipe, select.POLLIN | select.POLLHUP)
        while missing:
            if not ready.poll(max(0.0, until - time.monotonic()) * 1e3):
                self._hung = True
                raise TimeoutError
            part = os.read(pipe, missing)
            if not part:
                raise EOFError
            parts.append(part)
            missing -= len(part)
        return b"".join(parts)

    def _post_mortem(self) -> Problem:
        process, hung = self._process, self._hung
        assert process is not None
        if hung:
            process.kill()
        code = process.wait()
        self.stop()
        if hung:
            return Problem(
                "too_slow", f"gave no answer within {self._limits.wall_s:g} s: its process was ended"
            )
        if code == -signal.SIGPROF:
            used = f"{self._limits.native_s * 1000:.0f} ms of processor time"
            return Problem(
                "too_slow", f"stopped after {used}, in an operation of the language: its process was ended"
            )
        return Problem("crashed", f"the process that ran it went down ({_ending(code)})")


def _window(frames: list[bytes], first: int) -> list[bytes]:
    """Return the next frames that fit; one at least."""
    last, size = first + 1, len(frames[first])
    while last < len(frames) and size + len(frames[last]) <= WINDOW_BYTES:
        size += len(frames[last])
        last += 1
    return frames[first:last]


def _ending(code: int) -> str:
    if code >= 0:
        return f"exit {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
