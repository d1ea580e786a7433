"""What the watch needs of the outside: a Protocol with two implementations; one suite of tests runs on both."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from rules.core.alarm_book import OpenAlarm
from rules.core.watch.model import Judged, Memory, Seen, Watched

Judge = Callable[[Seen, Memory, Sequence[OpenAlarm]], Judged]
"""Pure: from what is seen, what is remembered and the watch's alarms that are up, to what is written."""

WatchFor = Callable[[], Awaitable[Watched]]
"""Reads what is watched for, outside the look's transaction; TransientError where it can't."""


class WatchStore(Protocol):
    """Where the watch looks, and where its alarms and memory are kept."""

    async def look(self, watched: Watched, now_s: float, judge: Judge) -> bool:
        """Look, judge and write, in one transaction; return whether it was this one's turn.

        It is not where another process is looking just now.

        Args:
            watched: what to look at.
            now_s: the wall clock's time [s since 1970].
            judge: what follows.

        Raises:
            TransientError: the database does not answer; nothing or all of it was written.
        """
        ...
