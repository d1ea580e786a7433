"""Plans are made in a process of its own: pages and REST stay live, and the loops are compiled before the first plan."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import signal
import threading
from multiprocessing.connection import Connection, wait
from typing import Any

from rules.core.cab.making import Wish, make
from rules.core.cab.model import Contents
from rules.core.fleet.planner import FleetPlanner, warm_up
from rules.winter.fleet.ports import NotPlannedError

NICER = 5
"""The process leaves the processor to others first."""
LONGEST_S = 3600.0
"""So long a plan may take [s]: after that the night has gone on without it, and others may plan."""


class OwnProcess:
    """Makes plans one after the other in a child process; one that has ended is started anew.

    Args:
        longest_s: so long a plan may take [s].
    """

    def __init__(self, longest_s: float = LONGEST_S) -> None:
        self._one, self._longest_s = threading.Lock(), longest_s
        self._child: tuple[Any, Connection] | None = None

    def start(self) -> None:
        """Start the process, so that it is ready when the first plan is asked for; returns at once."""
        if self._child is None or not self._child[0].is_alive():
            context = multiprocessing.get_context("spawn")
            ours, theirs = context.Pipe()
            child = context.Process(target=_serve, args=(theirs,), name="cityops-planner", daemon=True)
            child.start()
            theirs.close()
            self._child = child, ours

    async def __call__(self, wish: Wish, planner: FleetPlanner) -> Contents:
        """Return the plan; ValueError and WrongPlanError as :func:`rules.core.cab.making.make`.

        Raises:
            NotPlannedError: the process has ended, memory was not enough, or it took too long.
        """
        return await asyncio.to_thread(self._ask, wish, planner)

    def close(self) -> None:
        """End the process, whatever it is at."""
        if self._child is not None:
            self._child[0].kill()
            self._child[0].join()

    def _ask(self, wish: Wish, planner: FleetPlanner) -> Contents:
        with self._one:
            self.start()
            assert self._child is not None
            _, pipe = self._child
            try:
                pipe.send((wish, planner))
                in_time = pipe.poll(self._longest_s)
                answer = pipe.recv() if in_time else self._too_long()
            except (EOFError, OSError) as error:
                self._child = None
                raise NotPlannedError(
                    "the process that makes plans has ended, perhaps for want of memory: plan again"
                ) from error
        if isinstance(answer, Contents):
            return answer
        if isinstance(answer, MemoryError):
            raise NotPlannedError("there is not enough memory for so many passes") from answer
        assert isinstance(answer, Exception)
        raise answer

    def _too_long(self) -> NotPlannedError:
        self.close()
        self._child = None
        return NotPlannedError(
            f"the plan has taken longer than {self._longest_s:g} s and was ended: plan again, with fewer iterations"
        )


def _serve(pipe: Connection) -> None:
    """Make the plans that are asked for until whoever asks is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever asks ends it
    os.nice(NICER)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    warm_up()
    with contextlib.suppress(EOFError, OSError):
        while True:
            pipe.send(_answer(*pipe.recv()))


def _end_with_parent() -> None:
    """End when whoever asks has ended, killed or not: a search can take long, and nobody would hear of its plan."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _answer(wish: Wish, planner: FleetPlanner) -> Contents | Exception:
    try:
        return make(wish, planner)
    except Exception as error:  # told to whoever asked, and raised there
        return error
