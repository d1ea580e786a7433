"""How much fuller or emptier a bin would have to be for another collection round."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from rules.core.effects import Json
from rules.core.memory import BinMemory


def round_would_change(
    bins: Mapping[str, BinMemory], limits: Mapping[str, tuple[float, float]], chosen: Collection[str]
) -> tuple[Json, ...]:
    """Return the bin that nearly is on the list and the one that only just is, by their fill [% points].

    Bins on it for their age are left out.

    Args:
        bins: memory of each.
        limits: per bin the fills [%] at which it comes on the list, and below which it leaves it.
        chosen: the bins on the list.
    """
    off = [
        (on_pct - level, b)
        for b, (on_pct, _) in limits.items()
        if b not in chosen and (level := _fill(bins, b)) is not None and level < on_pct
    ]
    on = [
        (level - limits[b][1], b)
        for b in chosen
        if bins[b].full.is_active and (level := _fill(bins, b)) is not None
    ]
    found = []
    if off:
        by, b = min(off)
        found.append(_change(by, b, "on_list"))
    if on:
        by, b = min(on)
        found.append(_change(-by, b, "off_list"))
    return tuple(found)


def _fill(bins: Mapping[str, BinMemory], bin_id: str) -> float | None:
    memory = bins.get(bin_id)
    return None if memory is None else memory.fills.fill_pct


def _change(by: float, bin_id: str, then: str) -> Json:
    return {"quantity": "fill_pct", "by": round(by, 1), "unit": "% points", "then": then, "subject": bin_id}
