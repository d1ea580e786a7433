"""A codec that is stopped again and again rests, so that it does not take the time of the others."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ingest.sandbox.ports import Answer, Call, Codec, Decoder, Problem

STRIKES = 5  # calls in a row that were stopped
REST_S = 60.0
BATCH = 32  # calls of a codec that was not stopped; all of them may cost their whole time, once
_COSTLY = {"too_slow", "too_much_memory", "crashed"}


@dataclass(slots=True)
class _Record:
    strikes: int = 0
    until_s: float = float("-inf")


class RestingDecoder:
    """A decoder in front of another.

    After ``STRIKES`` calls in a row that cost their whole time, each call of that codec is answered with ``resting`` at
    once, for ``REST_S``; then one call is let through, and its answer decides.
    """

    def __init__(self, inner: Decoder, monotonic_s: Callable[[], float]) -> None:
        self._inner, self._now_s = inner, monotonic_s
        self._records: dict[int, _Record] = {}
        self._lock = threading.Lock()

    def run(self, codec: Codec, calls: Sequence[Call]) -> list[Answer]:
        """Return an answer for each call, of the codec or of its rest."""
        answers: list[Answer] = []
        while len(answers) < len(calls):
            if (left_s := self._rest_s(codec)) > 0:
                return answers + [Answer(problem=_resting(left_s))] * (len(calls) - len(answers))
            # One at a time where it was just stopped: no more than may be stopped before it rests.
            most = 1 if self._strikes(codec) else BATCH
            some = calls[len(answers) : len(answers) + most]
            given = self._inner.run(codec, some)
            self._note(codec, given)
            answers += given
        return answers

    def close(self) -> None:
        """Close the decoder behind."""
        self._inner.close()

    def _strikes(self, codec: Codec) -> int:
        with self._lock:
            record = self._records.get(codec.key)
            return 0 if record is None else record.strikes

    def _rest_s(self, codec: Codec) -> float:
        with self._lock:
            record = self._records.get(codec.key)
            return 0.0 if record is None else record.until_s - self._now_s()

    def _note(self, codec: Codec, given: Sequence[Answer]) -> None:
        with self._lock:
            record = self._records.setdefault(codec.key, _Record())
            for answer in given:
                costly = answer.problem is not None and answer.problem.code in _COSTLY
                record.strikes = record.strikes + 1 if costly else 0
            if record.strikes >= STRIKES:
                record.until_s = self._now_s() + REST_S
                record.strikes = STRIKES - 1  # after the rest one call decides
            elif record.strikes == 0:
                del self._records[codec.key]


def _resting(left_s: float) -> Problem:
    return Problem("resting", f"was stopped {STRIKES} times in a row; it is tried again in {left_s:.0f} s")
