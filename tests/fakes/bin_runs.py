"""Bins through the level and the detection of emptyings, without the engine."""

from __future__ import annotations

from collections.abc import Iterable

from bench.bins.runs import SHAPE, P
from rules.core.bin_emptying.detect import Seen, observe
from rules.core.bin_emptying.evidence import NOTHING, Heard
from rules.core.bin_emptying.judge import Found
from rules.core.bin_level.geometry import Shape
from rules.core.bin_level.state import Fills


def run(seen: Iterable[Seen], shape: Shape = SHAPE, heard: Heard = NOTHING) -> tuple[Fills, list[Found]]:
    """Return what is remembered in the end, and all that was found."""
    f, found = Fills(), list[Found]()
    for s in seen:
        f, new = observe(f, s, shape, P.filter, P.emptying, heard)
        found += new
    return f, found


def levels(*fills: float | None, every_s: float = 1800.0) -> tuple[Fills, list[Found]]:
    """Return the same of fills [%] in even steps; None: no echo."""
    return run(Seen(i * every_s, fill) for i, fill in enumerate(fills))
