"""Why a roll-out reaches nobody: how many of its devices stand where, in words. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

Why = Literal["free", "offered", "no_launcher", "kept_out", "pinned", "has_it", "unfit", "other_kind", "busy"]
WHYS: tuple[Why, ...] = get_args(Why)
"""Where a device of a roll-out stands: it may be offered the bundle, it was, or why it is not."""
OFF_LINE = "off_line"
"""Beside those: how many of the free and the offered are not connected."""
NOBODY = "nobody was offered this update"

_ONE_AND_MANY: Mapping[Why, tuple[str, str]] = {
    "no_launcher": (
        "has never said that it takes updates (no launcher, or off line since it has one)",
        "have never said that they take updates (no launcher, or off line since they have one)",
    ),
    "kept_out": (
        "is quarantined, revoked or not claimed yet",
        "are quarantined, revoked or not claimed yet",
    ),
    "pinned": ("is pinned to what it runs", "are pinned to what they run"),
    "has_it": ("runs it already", "run it already"),
    "unfit": (
        "runs a version that this bundle can't be put upon",
        "run a version that this bundle can't be put upon",
    ),
    "other_kind": ("is of another kind", "are of another kind"),
    "busy": ("is at work on another roll-out", "are at work on another roll-out"),
}


def devices_of(reach: Mapping[str, int]) -> int:
    """Return how many devices a roll-out is for."""
    return sum(n for why, n in reach.items() if why in WHYS)


def why_nobody(reach: Mapping[str, int]) -> str:
    """Return why nobody can be offered a bundle, with counts; empty: somebody can, or was."""
    if reach.get("free") or reach.get("offered"):
        return ""
    total = devices_of(reach)
    if total == 0:
        return f"{NOBODY}: there is no such device"
    parts = [f"{n} {_ONE_AND_MANY[why][n > 1]}" for why in WHYS if (n := reach.get(why, 0)) > 0]
    return f"{NOBODY}: of {total} device{'' if total == 1 else 's'} {', '.join(parts)}"


def why_silence(reach: Mapping[str, int], offered: int) -> str:
    """Return what is to be said while nobody who was offered a bundle has answered.

    Args:
        reach: how many stand where.
        offered: devices that were offered it.
    """
    off = reach.get(OFF_LINE, 0)
    each = f"{offered} device{' was' if offered == 1 else 's were'} offered it and none has answered"
    return f"{each}; {off} of those it is for {'is' if off == 1 else 'are'} not connected" if off else each
