"""A card as GPX 1.1: a track of the way and a waypoint for each entry, for any navigation device."""

from __future__ import annotations

from collections.abc import Callable

from rules.core.cab.card import Card, Entry
from rules.core.gpx import Waypoint, gpx_of


def gpx(card: Card, name: str, about: str, made_s: float, clock: Callable[[float], str]) -> bytes:
    """Return the file.

    Args:
        card: of a lorry.
        name: of the track.
        about: the file.
        made_s: when the plan was made [s since 1970].
        clock: time of day of a time of the plan.
    """
    return gpx_of(name, about, made_s, (_waypoint(e, clock) for e in card.entries), card.line)


def _waypoint(entry: Entry, clock: Callable[[float], str]) -> Waypoint:
    said = f"{entry.text}. {entry.spread or 'Spreader off'}." if not entry.loads else entry.text
    return Waypoint(
        entry.longitude_deg, entry.latitude_deg, f"{entry.number} {entry.text}",
        f"{clock(entry.at_s)}, {entry.at_m / 1000.0:.1f} km: {said}",
        "load" if entry.loads else "spread" if entry.spread else "drive",
    )  # fmt: skip
