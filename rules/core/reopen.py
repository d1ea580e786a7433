"""Which span of time is judged again for late readings, and what they may have changed. Pure.

A reading can change what was decided from its own time on, at the earliest at the full interval
that it was the first to pass, and until the forecasts it went into have run out. So the span
begins ``EARLIER_S`` before the first late reading and ends a gritting horizon after the last, or
where event time is: then it is judged again, finally, when event time has got there. What is
more than ``REOPEN_S`` ago is not looked at again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rules.core.context import Context
from rules.core.late import TOWN_KINDS, LateSpan
from rules.core.segment_rule import ELSEWHERE

REOPEN_S = 12 * 3600.0
EARLIER_S = 900.0
"""The longest interval at which a rule is evaluated [s]."""
ROUND = ("route", "bins")
"""What decisions of collection rounds are about."""

Subject = tuple[str, str]


@dataclass(frozen=True, slots=True)
class LateWindow:
    """A span that waits to be judged again. ``looked``: whether it was judged once, but not finally."""

    window_id: int
    span: LateSpan
    looked: bool = False


@dataclass(frozen=True, slots=True)
class Again:
    """What to judge again.

    Attributes:
        windows: judged together, as their spans overlap.
        too_late: windows that are not judged any more.
        from_s, to_s: the span [s since 1970].
    """

    windows: tuple[LateWindow, ...]
    too_late: tuple[LateWindow, ...]
    from_s: float
    to_s: float


def horizon_s(ctx: Context) -> float:
    """Return how long after a reading a decision may still rest on it [s]."""
    return ctx.catalogue.gritting.parameters.horizon_h * 3600.0


def judge_again(windows: Sequence[LateWindow], settled_s: float, after_s: float) -> Again | None:
    """Return what is next: the oldest window and those whose spans overlap with it; None where there is none.

    Args:
        windows: those that have rested; one that was looked at is due again when it can be judged finally.
        settled_s: event time: of the latest reading that counts [s since 1970].
        after_s: of :func:`horizon_s`.
    """
    too_late = tuple(w for w in windows if w.span.to_s < settled_s - REOPEN_S)
    due = [w for w in windows if not w.looked or is_final(w, settled_s, after_s)]
    left = sorted((w for w in due if w not in too_late), key=lambda w: w.span.from_s)
    if not left:
        return Again((), too_late, settled_s, settled_s) if too_late else None
    spans = [_span(w.span, settled_s, after_s) for w in left]
    from_s, to_s, n = spans[0][0], spans[0][1], 1
    while n < len(left) and spans[n][0] <= to_s:
        to_s, n = max(to_s, spans[n][1]), n + 1
    return Again(tuple(left[:n]), too_late, from_s, to_s)


def is_final(window: LateWindow, settled_s: float, after_s: float) -> bool:
    """Whether nothing that is decided from now on can rest on the window's readings."""
    return settled_s >= window.span.to_s + after_s


def concerned(ctx: Context, windows: Sequence[LateWindow]) -> Mapping[Subject, tuple[LateWindow, ...]]:
    """Return the subjects of decisions and alarms that the windows' readings may have changed.

    A road sensor informs roads on other routes than its own, weather all roads and homes, a
    gritter drives where it likes; a bin is in the collection round, too.
    """
    found: dict[Subject, list[LateWindow]] = {}
    for window in windows:
        for subject in sorted({s for device in window.span.devices for s in _informed(ctx, device)}):
            found.setdefault(subject, []).append(window)
    return {subject: tuple(of_it) for subject, of_it in found.items()}


def _informed(ctx: Context, device: str) -> list[Subject]:
    kind = ctx.devices[device].kind if device in ctx.devices else ""
    subjects: list[Subject] = []
    if kind == "road" or kind in TOWN_KINDS:
        subjects += [*(("route", route_id) for route_id in ctx.routes), ELSEWHERE]
    if kind == "weather":
        subjects += sorted({("home", home.code) for home in ctx.home_of.values()})
    if device in ctx.home_of:
        subjects.append(("home", ctx.home_of[device].code))
    if device in ctx.bin_of:
        subjects += [("bin", ctx.bin_of[device].bin_id), ROUND]
    return subjects


def _span(span: LateSpan, settled_s: float, after_s: float) -> tuple[float, float]:
    return max(span.from_s, settled_s - REOPEN_S) - EARLIER_S, min(span.to_s + after_s, settled_s)
