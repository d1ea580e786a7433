"""The newest reading of a bin where it does not count yet: how many that say the same it takes. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from rules.core.bin_level.parameters import FilterParameters
from rules.core.bin_level.state import Fills

AGREEING = 2
"""Readings that must agree where the level is far from what was expected."""


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """A reading that waits.

    Attributes:
        fill_pct: as measured [%].
        at_s: when [s since 1970].
        readings, of: how many there are that say so, and how many it takes.
        over_s: between the first and the last of these at least [s].
    """

    fill_pct: float
    at_s: float
    readings: int
    of: int
    over_s: float = 0.0


def unconfirmed(f: Fills, p: FilterParameters) -> Unconfirmed | None:
    """Return the last valid reading where the level does not follow it yet; None where it does, or where the bin's condition says why not.

    Args:
        f: what is remembered of a bin's fill.
        p: of the filter.
    """
    if f.track is None or not f.recent or f.tilted is not None:
        return None
    at_s, fill = f.recent[-1]
    if at_s <= f.track.at_s:
        return None
    if f.jam is None or f.odd is not None:
        return Unconfirmed(fill, at_s, 1, AGREEING)
    if f.jam.n >= p.blocked_readings and at_s - f.jam.since_s >= p.blocked_after_s:
        return None  # told as blocked
    return Unconfirmed(fill, at_s, f.jam.n, max(p.blocked_readings, f.jam.n), p.blocked_after_s)
