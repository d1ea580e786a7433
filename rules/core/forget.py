"""What the engine remembers of what is no longer installed is forgotten: of a home above all."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

import msgspec

from rules.core.bin_outlook.levels import place_of
from rules.core.context import Context
from rules.core.effects import CloseWork
from rules.core.memory import EngineState

Gone = tuple[tuple[str, str], ...]
"""Rows of memory: section and subject."""


def forget(state: EngineState, ctx: Context) -> tuple[EngineState, Gone]:
    """Return the memory without what is no longer installed, and the rows that are to go.

    Groups stay: the next tick tells that their members have left.
    """
    kept: dict[str, Any] = {}
    gone: list[tuple[str, str]] = []
    for section, subjects in _installed(ctx).items():
        rows: Mapping[str, Any] = getattr(state, section)
        over = [subject for subject in rows if subject not in subjects]
        if over:
            kept[section] = {s: row for s, row in rows.items() if s in subjects}
            gone += [(section, subject) for subject in over]
    return msgspec.structs.replace(state, **kept), tuple(gone)


def no_longer_work(state: EngineState, gone: Gone) -> list[CloseWork]:
    """Return the end of the work items on devices that are no longer installed; ``state``: before forgetting."""
    at_s = 0.0 if state.settled_s is None else state.settled_s
    return [
        CloseWork(rule_id, device, at_s, "It is no longer installed.")
        for section, device in gone
        if section == "quality"
        for rule_id in sorted(state.quality[device].told)
    ]


def _installed(ctx: Context) -> dict[str, Container[str]]:
    """Return per section of the memory the subjects that there are."""
    homes = {home.code for home in ctx.home_of.values()}
    of_devices = ("seen", "road", "weather", "gritter", "quality", "battery", "drift", "heard")
    return {
        **dict.fromkeys(of_devices, ctx.devices),
        "home": homes,
        "bin": ctx.bins,
        "fire_told": ctx.bins,
        "bin_pass": ctx.bins,
        "collection": ctx.bins,
        "bin_trouble": ctx.bins,
        "bin_outlook": ctx.bins,
        "bin_shape": {place_of(site) for site in ctx.bins.values()},
        "segment": ctx.graph.segment_index,
        "forecast": ctx.graph.segment_index,
        "treated": ctx.graph.segment_index,
        "route": ctx.routes,
        "order": ctx.routes,
    }
