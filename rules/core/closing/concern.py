"""Whether roads that were closed or opened concern a plan that is being driven: whether it is to be made again. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from rules.core.closing.hours import Driven, hours_of, in_hours
from rules.core.closing.model import AHEAD_S, Closure, closed_between, why_words
from rules.core.network.network import Network

SHOWN = 4
"""Streets that are named."""


@dataclass(frozen=True, slots=True)
class Concern:
    """Stretches that lorries are to drive in hours in which they are closed, and stretches gone round that are open again."""

    shut: tuple[str, ...] = ()
    opened: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether there is anything."""
        return bool(self.shut or self.opened)


def concern(
    driven: Iterable[Driven],
    gone_round: Collection[str],
    leaves_out: bool,
    standing: Sequence[Closure],
    now_s: float,
) -> Concern:
    """Return how closures concern a plan.

    Args:
        driven: what lorries are still to drive by it.
        gone_round: stretches that were closed when it was made.
        leaves_out: whether it leaves something undone: only then does an opening matter.
        standing: closures of the coming shift.
        now_s: the town's time [s since 1970].
    """
    hours = hours_of(standing, now_s, now_s + AHEAD_S)
    opened = [name for name in gone_round if name not in hours] if leaves_out else []
    return Concern(tuple(in_hours(driven, hours)), tuple(sorted(opened)))


def concern_words(
    found: Concern, standing: Sequence[Closure], network: Network, now_s: float, zone: tzinfo
) -> str:
    """Return it in words, for plans and for whoever is told."""
    index = network.graph.segment_index
    closed = closed_between(standing, now_s, now_s + AHEAD_S)

    def street(name: str) -> str:
        return network.segments[index[name]].street or name if name in index else name

    said = [f"{street(n)} is closed: {why_words(closed[n], zone, now_s)}" for n in found.shut if n in closed]
    said += [f"{street(n)} is open again" for n in found.opened]
    lines = list(dict.fromkeys(said))
    more = [f"and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else []
    return "; ".join(lines[:SHOWN] + more)
