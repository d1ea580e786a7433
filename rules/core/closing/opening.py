"""Opening a road before its time: which closures that touches, and why it may be refused."""

from __future__ import annotations

import math
from collections.abc import Sequence

from msgspec.structs import replace

from rules.core.closing.model import Closure, Opening


def opened_by(closure: Closure, opening: Opening) -> Opening | None:
    """Return what of an opening is of a closure: the stretches that it still closes; None where there are none."""
    own = tuple(s for s in opening.segments if closure.closes(s, opening.at_s, math.inf))
    return replace(opening, segments=own) if own else None


def of_closure(closures: Sequence[Closure], closure_id: int | None) -> list[Closure]:
    """Return the closure of a number; None: all."""
    return [c for c in closures if closure_id in (None, c.closure_id)]


def refused_words(holding: Sequence[Closure], opening: Opening) -> str:
    """Return why an opening is refused; empty: it is not."""
    closed = {s for c in holding if (part := opened_by(c, opening)) is not None for s in part.segments}
    if not opening.segments:
        return "no stretch is named"
    open_ = [s for s in opening.segments if s not in closed]
    return f"not closed: {', '.join(open_)}" if open_ else ""


def unknown_words(segments: Sequence[str]) -> str:
    """Return that stretches are not in the network."""
    return f"there is no stretch {', '.join(segments)}: `cityops network show --street NAME` says which there are"
