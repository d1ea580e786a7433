"""A road closed for a time, as somebody said it, and what holds at a time. Times in s since 1970, the town's."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime, tzinfo

import msgspec

from rules.core.network.network import Network

AHEAD_S = 8.0 * 3600.0
"""A plan is for so long: a shift [s]."""


SOON_S = 180 * 86_400.0
"""A day and month say enough for so long [s]."""
EARLIEST_S, LATEST_S = 0.0, 4_102_444_800.0
"""Times of closures [s since 1970]: until the year 2100, as no page can say a time that no calendar has."""


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """Stretches of a closure that somebody opened before its end."""

    segments: tuple[str, ...]
    at_s: float
    by: str
    role: str
    via: str
    reason: str = ""


class NewClosure(msgspec.Struct, frozen=True, kw_only=True):
    """A closure before it has a number.

    Attributes:
        segments: stretches nobody may drive.
        from_s, until_s: when it begins and ends; None: until somebody opens them.
        reason: why, in words for drivers.
        at_s: when it was said.
        by, role, via: who said so, as what, over which way; with a known ``request_id`` nothing is done again.

    Raises:
        ValueError: it closes nothing, has no reason, or ends before it begins; in words.
    """

    segments: tuple[str, ...]
    from_s: float
    until_s: float | None
    reason: str
    at_s: float
    by: str
    role: str
    via: str
    request_id: str | None = None

    def __post_init__(self) -> None:
        """Raise ValueError naming what can't be."""
        if not self.segments:
            raise ValueError("a closure names no stretch")
        if not self.reason.strip():
            raise ValueError("why is missing: a closure needs a reason, which drivers read")
        for at_s in (self.from_s, self.until_s, self.at_s):
            if at_s is not None and not EARLIEST_S <= at_s <= LATEST_S:
                raise ValueError("a closure's times are between 1970 and 2100")
        if self.until_s is not None and not self.until_s > self.from_s:
            raise ValueError("a closure ends after it begins")


class Closure(NewClosure, frozen=True, kw_only=True):
    """A closure that is kept, with its number and what was opened since."""

    closure_id: int
    opened: tuple[Opening, ...] = ()

    def ends_s(self, segment_id: str) -> float:
        """Return when a stretch of it is open again; infinite where nobody knows."""
        opened = [o.at_s for o in self.opened if segment_id in o.segments]
        return min([math.inf if self.until_s is None else self.until_s, *opened])

    def closes(self, segment_id: str, from_s: float, to_s: float) -> bool:
        """Whether a stretch is closed by it at any moment from ``from_s`` until before ``to_s``, or at ``from_s``."""
        if segment_id not in self.segments:
            return False
        return self.from_s < max(to_s, math.nextafter(from_s, math.inf)) and self.ends_s(segment_id) > from_s


class Closed(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch that is closed: by which closure, from when till when, why."""

    segment_id: str
    closure_id: int
    from_s: float
    until_s: float | None
    reason: str


def closed_between(closures: Iterable[Closure], from_s: float, to_s: float) -> dict[str, Closed]:
    """Return the stretches closed at any moment of a time; of several closures the one that ends last tells why."""
    found: dict[str, Closed] = {}
    latest: dict[str, float] = {}
    for c in closures:
        for name in c.segments:
            if not c.closes(name, from_s, to_s) or c.ends_s(name) <= latest.get(name, -math.inf):
                continue
            ends_s = latest[name] = c.ends_s(name)
            until_s = None if math.isinf(ends_s) else ends_s
            found[name] = Closed(
                segment_id=name, closure_id=c.closure_id, from_s=c.from_s, until_s=until_s, reason=c.reason
            )
    return found


def why_words(closed: Closed, zone: tzinfo, now_s: float = math.inf) -> str:
    """Return why a stretch is closed and until when, for plans and cards; from when, where that is after ``now_s``."""
    begins = f"from {clock(closed.from_s, zone)} " if closed.from_s > now_s else ""
    return f"{closed.reason}, {begins}{until_words(closed.from_s, closed.until_s, zone)}"


def until_words(from_s: float, until_s: float | None, zone: tzinfo) -> str:
    """Return until when; with the year where that is not soon."""
    if until_s is None:
        return "until it is opened"
    year = f" {datetime.fromtimestamp(until_s, zone):%Y}" if until_s - from_s > SOON_S else ""
    return f"until {clock(until_s, zone)}{year}"


def clock(at_s: float, zone: tzinfo) -> str:
    """Return a time as ``Fri 27 Nov 08:30``."""
    return f"{datetime.fromtimestamp(at_s, zone):%a %d %b %H:%M}"


def closed_notes(network: Network) -> tuple[str, ...]:
    """Return a sentence for each street and reason that is closed on a network, for whoever reads a plan made on it."""
    streets: dict[tuple[str, str], int] = {}
    for index, why in sorted(network.closed.items()):
        segment = network.segments[index]
        key = (segment.street or segment.segment_id, why)
        streets[key] = streets.get(key, 0) + 1
    return tuple(
        f"{street} is closed{f' ({count} stretches)' if count > 1 else ''}: {why}."
        for (street, why), count in streets.items()
    )
