"""Roads that close later than a plan begins: it may drive them before they close and after they are open again. Times in s since 1970.

No planner here knows roads that change with the hour. So a plan is made as though they were open, what it drives in their
hours is closed for all of it, and it is made again: what comes out drives no road in the hours in which it is closed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import tzinfo
from typing import TypeVar

import msgspec

from rules.core.closing.model import Closure, closed_between, why_words
from rules.core.network.network import Network

MARGIN_S = 600.0
"""A lorry is so much earlier or later than planned without anybody minding [s]."""
TRIES = 3
"""So often a plan is made with some of what closes later still open; then all of it is closed."""

Hours = tuple[tuple[float, float], ...]
Driven = tuple[str, float, float]
"""A stretch, and from when until when a lorry is on it."""
P = TypeVar("P")


class Later(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch that is open when the plan begins: the hours in which it is closed, and why in words."""

    hours: Hours
    why: str


def hours_of(closures: Iterable[Closure], from_s: float, to_s: float) -> dict[str, Hours]:
    """Return the hours of each stretch that is closed at any moment of a time."""
    found: dict[str, list[tuple[float, float]]] = {}
    for c in closures:
        for name in c.segments:
            if c.closes(name, from_s, to_s):
                found.setdefault(name, []).append((c.from_s, c.ends_s(name)))
    return {name: tuple(sorted(hours)) for name, hours in found.items()}


def for_plan(
    network: Network, closures: Sequence[Closure], now_s: float, to_s: float, zone: tzinfo
) -> tuple[Network, dict[str, Later]]:
    """Return roads with what is closed now closed on them, and what closes later.

    Args:
        network: the open roads.
        closures: of the time from ``now_s`` to ``to_s``.
        now_s: when the plan is made.
        to_s: until when it reaches at most.
        zone: of the town, for the words.
    """
    at_once = closed_between(closures, now_s, now_s)
    why = closed_between(closures, now_s, to_s)
    later = {
        name: Later(hours=hours, why=why_words(why[name], zone, now_s))
        for name, hours in hours_of(closures, now_s, to_s).items()
        if name not in at_once and name in network.graph.segment_index
    }
    return network.closing({name: why_words(one, zone) for name, one in at_once.items()}), later


def in_hours(driven: Iterable[Driven], hours: Mapping[str, Hours], margin_s: float = MARGIN_S) -> list[str]:
    """Return the stretches that are driven in hours in which they are closed, each once."""
    return list(
        dict.fromkeys(
            name
            for name, begins_s, ends_s in driven
            for from_s, until_s in hours.get(name, ())
            if begins_s - margin_s < until_s and ends_s + margin_s > from_s
        )
    )


def around(
    network: Network,
    later: Mapping[str, Later],
    plan: Callable[[Network, Mapping[str, Later]], P],
    driven: Callable[[P], Iterable[Driven]],
) -> P:
    """Return a plan that drives no road in the hours in which it is closed.

    Args:
        network: roads with what is closed from the beginning.
        later: what closes later.
        plan: makes a plan on roads, given what is still left open of ``later``.
        driven: tells what a plan drives, and when.
    """
    for attempt in range(1, len(later) + 2):
        found = plan(network, later)
        hit = in_hours(driven(found), {name: one.hours for name, one in later.items()})
        if not hit:
            return found
        shut = list(later) if attempt >= TRIES else hit
        network = network.closing({name: later[name].why for name in shut})
        later = {name: one for name, one in later.items() if name not in set(shut)}
    raise AssertionError("a plan drives what is closed")


def later_notes(network: Network, later: Mapping[str, Later]) -> tuple[str, ...]:
    """Return a sentence for each street and reason that closes later and that a plan need not go round."""
    index = network.graph.segment_index
    streets = dict.fromkeys(
        (network.segments[index[name]].street or name, one.why) for name, one in later.items()
    )
    return tuple(
        f"{street} will be closed: {why}; no lorry is there in those hours." for street, why in streets
    )
