"""Work that keeps a core busy for long, in a process of its own: what is beside it stays live."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection, wait
from typing import Any, Generic, TypeVar

from cityops.errors import CityopsError

NICER = 5
"""The process leaves the processor to others first."""
T = TypeVar("T")


class ProcessEndedError(CityopsError):
    """The process has ended, perhaps for want of memory, or was ended as it took too long."""


class TookTooLongError(ProcessEndedError):
    """The process was ended as it took too long."""


class OwnProcess(Generic[T]):
    """Does one piece of work after the other in a child process; one that has ended is started anew with the next.

    It ends when it is closed, whatever it is at, and with whoever started it, killed or not.

    Args:
        does: the work, a function of a module; arguments, result and what it raises must be picklable.
        name: of the process.
        longest_s: so long a piece of work may take [s].
        begins: what the process does before its first work, where that takes long; a function of a module.
    """

    def __init__(
        self, does: Callable[..., T], name: str, longest_s: float, begins: Callable[[], None] | None = None
    ) -> None:
        self._does, self._name, self._longest_s, self._begins = does, name, longest_s, begins
        self._one = threading.Lock()
        self._child: tuple[Any, Connection] | None = None

    async def __call__(self, *args: object) -> T:
        """Return what the work returns, and raise what it raises.

        Raises:
            ProcessEndedError: see there.
        """
        return await asyncio.to_thread(self._ask, args)

    def start(self) -> None:
        """Start the process where it does not run, so that it is ready when it is first asked; returns at once."""
        with self._one:
            self._begun()

    def close(self) -> None:
        """End the process, whatever it is at."""
        if self._child is not None:
            self._child[0].kill()
            self._child[0].join()
            self._child = None

    def _begun(self) -> Connection:
        if self._child is None or not self._child[0].is_alive():
            context = multiprocessing.get_context("spawn")
            ours, theirs = context.Pipe()
            work = (theirs, self._does, self._begins)
            child = context.Process(target=_serve, args=work, name=self._name, daemon=True)
            child.start()
            theirs.close()
            self._child = child, ours
        return self._child[1]

    def _ask(self, args: tuple[object, ...]) -> T:
        with self._one:
            pipe = self._begun()
            try:
                pipe.send(args)
                if not pipe.poll(self._longest_s):
                    self.close()
                    raise TookTooLongError(f"it took longer than {self._longest_s:g} s and was ended")
                fine, answer = pipe.recv()
            except (EOFError, OSError) as error:
                self.close()
                raise ProcessEndedError("its process has ended, perhaps for want of memory") from error
        if not fine:
            raise answer
        found: T = answer
        return found


def _serve(pipe: Connection, does: Callable[..., object], begins: Callable[[], None] | None) -> None:
    """Do what is asked for until whoever asks is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever asks ends it
    os.nice(NICER)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if begins is not None:
        begins()
    with contextlib.suppress(EOFError, OSError):
        while True:
            pipe.send(_answer(does, pipe.recv()))


def _answer(does: Callable[..., object], args: tuple[object, ...]) -> tuple[bool, object]:
    try:
        return True, does(*args)
    except Exception as error:  # told to whoever asked, and raised there
        return False, error


def _end_with_parent() -> None:
    """End when whoever asks has ended: nobody would hear of the result."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
