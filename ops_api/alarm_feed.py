"""What happens to alarms as a stream of events: the lines of the log that :mod:`ops_api.event_feed` tells."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from functools import cached_property

from ops_api import event_feed
from ops_api.event_feed import BEHIND_MOST, GAP_S, QUEUE_EVENTS, EventFeed, Gaps, LogSource, Words
from ops_api.stream import RETRY_MS

__all__ = ["BEHIND_MOST", "GAP_S", "QUEUE_EVENTS", "AlarmFeed", "Gaps", "Line", "LogSource", "Look", "Told"]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the log: its number and its alarm's."""

    log_id: int
    alarm_id: int

    @property
    def number(self) -> int:
        """The line's number."""
        return self.log_id


Look = event_feed.Look[Line]


@dataclass(frozen=True)
class Told:
    """An event: the line it is of, and its JSON."""

    line: Line
    data: str

    @property
    def number(self) -> int:
        """The line's number."""
        return self.line.log_id

    @cached_property
    def encoded(self) -> bytes:
        """It as the text/event-stream format wants it; the same bytes for every reader."""
        return f"id: {self.number}\nretry: {RETRY_MS}\nevent: alarm\ndata: {self.data}\n\n".encode()


class AlarmFeed(EventFeed[Line, Told]):
    """Tells readers of lines of the alarm log as they come; arguments as :class:`EventFeed`'s."""

    def __init__(self, source: LogSource[Line, Told], *, poll_s: float = 2.0, max_readers: int = 200) -> None:
        super().__init__(source, Words("the alarm log", "log_id"), poll_s=poll_s, max_readers=max_readers)

    def stream(  # type: ignore[override]  # of alarms one asks for one alarm
        self, last_log_id: int | None = None, alarm_id: int | None = None
    ) -> AsyncGenerator[bytes, None]:
        """Return events for one reader; ``alarm_id``: of this alarm alone."""

        def pick(told: Told) -> bytes | None:
            return told.encoded if alarm_id in (None, told.line.alarm_id) else None

        return super().stream(last_log_id, pick)
