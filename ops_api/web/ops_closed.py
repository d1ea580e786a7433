"""Closed roads on the wall: which stretches, which streets and why, and what was closed and opened lately. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from rules.core.closing.model import Closure, closed_between, why_words
from rules.core.network.network import Network

RoadNews = tuple[datetime, str, str]
"""When, ``shut`` or ``opened``, in words."""


def stretches(closures: Sequence[Closure], now_s: float) -> tuple[str, ...]:
    """Return the stretches that are closed at a moment, in order."""
    return tuple(sorted(closed_between(closures, now_s, now_s)))


def streets(closures: Sequence[Closure], network: Network, now_s: float, zone: ZoneInfo) -> tuple[str, ...]:
    """Return what is closed at a moment, each street and reason once: ``Yew Road: flooded, until it is opened``."""
    held = closed_between(closures, now_s, now_s)
    known = network.graph.segment_index
    return tuple(
        dict.fromkeys(
            f"{_streets([name], network)}: {why_words(c, zone)}" for name, c in held.items() if name in known
        )
    )


def news(closures: Sequence[Closure], network: Network, since_s: float, now_s: float) -> tuple[RoadNews, ...]:
    """Return what was closed and what was opened from ``since_s`` to ``now_s`` [s since 1970]; what is closed still is not open."""
    return tuple(_news(closures, network, since_s, now_s))


def _news(closures: Sequence[Closure], network: Network, since_s: float, now_s: float) -> Iterator[RoadNews]:
    still = set(stretches(closures, now_s))
    for c in closures:
        ended: dict[float, list[str]] = {}
        for name in c.segments:
            ended.setdefault(c.ends_s(name), []).append(name)
        held = [name for ends_s, names in ended.items() if ends_s > c.from_s for name in names]
        if held and since_s <= c.from_s <= now_s:
            yield _at(c.from_s), "shut", f"{_streets(held, network)}: {c.reason}"
        for ends_s, names in ended.items():
            opened = [name for name in names if name not in still]
            if opened and max(since_s, math.nextafter(c.from_s, math.inf)) <= ends_s <= now_s:
                yield _at(ends_s), "opened", _streets(opened, network)


def _at(at_s: float) -> datetime:
    return datetime.fromtimestamp(at_s, UTC)


def _streets(names: Iterable[str], network: Network) -> str:
    index = network.graph.segment_index
    return ", ".join(
        dict.fromkeys((network.segments[index[n]].street or n) if n in index else n for n in names)
    )
