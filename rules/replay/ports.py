"""What a replay needs of the outside: readings in order of time, and what is in the tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from rules.core.readings import ReadingBatch
from rules.core.replayed import Replayed

SPAN_S = 3600.0
"""A span of readings is at most so long, and begins at full hours [s]."""


class ReadingSource(Protocol):
    """Stored readings."""

    def spans(self, from_s: float, to_s: float) -> Iterator[ReadingBatch]:
        """Yield the readings measured from ``from_s`` to before ``to_s``, in order of time, a span at a time.

        Blocking: for a thread. Spans without readings are left out.

        Raises:
            TransientError: the database does not answer.
        """
        ...


class Past(Protocol):
    """What the rules did when the readings came."""

    def stored(self, from_s: float, to_s: float, widths_m: Mapping[str, float]) -> Replayed:
        """Return the alarms and decisions in the tables. ``widths_m``: of each segment [m].

        Raises:
            TransientError: the database does not answer.
        """
        ...
