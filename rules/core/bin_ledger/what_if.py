"""What would change the answer: one thing otherwise, everything else as it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import msgspec

from rules.core.bin_ledger.confidence import Point
from rules.core.bin_ledger.lines import Facts, collections, in_all, overflow_min, running
from rules.core.bin_ledger.statement import Line, WhatIf
from rules.core.bin_ledger.tariffs import Figure, Tariffs
from rules.core.bin_ledger.values import Inputs, Plan, Schedule

Remake = Callable[[Inputs, Schedule | None], Facts]

PRICES = (
    ("saved_hours_share", 0.0, "if hours not driven are worth nothing"),
    ("diesel_gbp_l", None, "with diesel at its high price"),
    ("crew_gbp_h", None, "with crews at their high price"),
    ("sensor_gbp", None, "with sensors at their high price"),
    ("platform_gbp_y", None, "with the platform at its high price"),
)
"""Figure, the value that is tried (None: its high one), and the words."""


def what_ifs(f: Facts, lines: Sequence[Line], remake: Remake) -> tuple[WhatIf, ...]:
    """Return what would change the answer.

    Args:
        f: the period.
        lines: of its statement.
        remake: makes the period's facts with another schedule.
    """
    return tuple(_what_ifs(f, remake))


def _what_ifs(f: Facts, remake: Remake) -> Iterator[WhatIf]:
    yield _saved("as stated", f, f.i.tariffs)
    even = break_even_gbp(f)
    if even is not None:
        value = (
            f"£{even:,.0f} a year for each sensor, all in"
            if even > 0.0
            else "none: driving alone saves nothing"
        )
        yield WhatIf(
            what="sensors that cost just what driving saves",
            value=value,
            saved_gbp=0.0 if even > 0.0 else None,
        )
    less = one_day_less(f.i.schedule)
    if less is not None:
        yield _saved("against fixed days with one day less", remake(f.i, less), f.i.tariffs)
    for name, price, words in PRICES:
        figure: Figure = getattr(f.i.tariffs, name)
        tried = msgspec.structs.replace(figure, value=figure.high if price is None else price)
        yield _saved(words, f, msgspec.structs.replace(f.i.tariffs, **{name: tried}))


def _saved(what: str, f: Facts, tariffs: Tariffs) -> WhatIf:
    k = Point(tariffs)
    stops, over, cost = collections(f, k), overflow_min(f, k), in_all(f, k)
    assert stops is not None
    assert over is not None
    return WhatIf(
        what=what, collections=float(stops[1] - stops[0]), overflow_min=float(over[1] - over[0]),
        saved_gbp=None if cost is None else float(cost[1] - cost[0]),
    )  # fmt: skip


def break_even_gbp(f: Facts) -> float | None:
    """Return what a sensor may cost in a year, all in, before nothing is saved [£]; None = not known, or no sensors."""
    drive = running(f, Point(f.i.tariffs))
    if drive is None or not f.sensors:
        return None
    return float(drive[1] - drive[0]) / (f.sensors * f.years)


def one_day_less(schedule: Schedule) -> Schedule | None:
    """Return the schedule with one day less: the last weekday, or a day more between two; None where nothing is left."""
    plans = tuple(p for p in map(_one_day_less, schedule.plans) if p is not None)
    return Schedule(plans=plans, source=schedule.source) if len(plans) == len(schedule.plans) else None


def _one_day_less(p: Plan) -> Plan | None:
    if p.weekdays:
        return msgspec.structs.replace(p, weekdays=p.weekdays[:-1]) if len(p.weekdays) > 1 else None
    return msgspec.structs.replace(p, every_days=p.every_days + 1)
