"""Key figures on both sides, and a row for each bin."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from rules.core.bin_ledger.confidence import Point
from rules.core.bin_ledger.lines import (
    Facts,
    collections,
    overflow_days,
    overflow_min,
    per_bin_week,
    service_level,
)
from rules.core.bin_ledger.rounds import Way
from rules.core.bin_ledger.statement import BinRow, Kpi

USUAL_DENSITY_KG_L = 0.07
"""Where a stream's density is not set: that of litter."""
BOTH = ("actual", "fixed")


def kpis(f: Facts) -> tuple[Kpi, ...]:
    """Return the key figures."""
    return tuple(_kpis(f))


def _kpis(f: Facts) -> Iterator[Kpi]:
    k = Point(f.i.tariffs)
    days = float(f.days.known.sum())
    for name, unit, formula in (
        ("Collections per bin-week", "", per_bin_week), ("Overflow minutes", "min", overflow_min),
        ("Overflow days per 1,000 bin-days", "", overflow_days), ("Service level", "%", service_level),
    ):  # fmt: skip
        found = formula(f, k)
        known = found is not None and days > 0.0
        yield Kpi(
            name=name, unit=unit, actual=float(found[0]) if found and known else None,
            fixed=float(found[1]) if found and known else None,
        )  # fmt: skip
    yield _of(f, "Mean fill at collection", "%", lambda s: _share(_sum(f, s, "fill"), _sum(f, s, "told")))
    yield _of(
        f,
        "Collections of bins not half full",
        "%",
        lambda s: _percent(_sum(f, s, "wasted"), _sum(f, s, "visits")),
    )
    yield _of(
        f, "Litres lifted of what the stops could hold", "%", lambda s: _percent(_litres(f, s), _room(f, s))
    )
    yield _of(f, "Distance for each tonne", "km/t", lambda s: _share(_way_sum(f, s, "km"), tonnes(f, s)))
    yield _of(f, "Stops in an hour", "1/h", lambda s: _share(_stops(f, s), _way_sum(f, s, "hours")))
    yield _of(f, "Tonnes for each shift", "t", lambda s: _share(tonnes(f, s), _way(f, s).shifts or None))
    share = days / f.days.known.size if f.days.known.size else None
    yield Kpi(
        name="Bin-days known of the judged bins",
        unit="%",
        actual=None if share is None else 100.0 * share,
        fixed=None,
    )


def _of(f: Facts, name: str, unit: str, value: object) -> Kpi:
    assert callable(value)
    return Kpi(name=name, unit=unit, actual=value("actual"), fixed=value("fixed"))


def _sum(f: Facts, side: str, name: str) -> float:
    return float(f.of(side, name).sum())


def _litres(f: Facts, side: str) -> float:
    return _sum(f, side, "litres")


def _room(f: Facts, side: str) -> float:
    """Return litres that the bins hold at which it was stopped."""
    capacity = np.array([b.capacity_l for b in f.days.made])
    return float((f.of(side, "visits").sum(axis=1) * capacity).sum()) if len(capacity) else 0.0


def _way(f: Facts, side: str) -> Way:
    return f.was if side == "actual" else f.fixed


def _way_sum(f: Facts, side: str, name: str) -> float | None:
    values = getattr(_way(f, side), name)
    return None if values is None else float(values.sum())


def _stops(f: Facts, side: str) -> float:
    found = collections(f, Point(f.i.tariffs))
    assert found is not None
    return float(found[BOTH.index(side)])


def tonnes(f: Facts, side: str) -> float:
    """Return what was lifted [t]: as weighed, else litres by the stream's density."""
    if side == "actual" and f.was.kg is not None:
        return f.was.kg / 1000.0
    streams = {b.bin_id: b.stream for b in f.i.bins}
    density = [f.i.method.density_kg_l.get(streams[b], USUAL_DENSITY_KG_L) for b in f.days.bins]
    return float((f.of(side, "litres").sum(axis=1) * np.array(density)).sum()) / 1000.0 if density else 0.0


def _share(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None or b <= 0.0 else a / b


def _percent(a: float, b: float) -> float | None:
    found = _share(a, b)
    return None if found is None else 100.0 * found


def rows(f: Facts) -> tuple[BinRow, ...]:
    """Return a row for each judged bin."""
    labels = {b.bin_id: b.label for b in f.i.bins}
    sums = {
        (s, n): f.of(s, n).sum(axis=1) for s in BOTH for n in ("visits", "told", "fill", "litres", "over_s")
    }  # fmt: skip
    return tuple(
        BinRow(
            bin_id=b, label=labels[b], days_known=int(f.days.known[k].sum()),
            collections=float(sums["actual", "visits"][k]), collections_fixed=float(sums["fixed", "visits"][k]),
            fill_pct=_share(float(sums["actual", "fill"][k]), float(sums["actual", "told"][k])),
            fill_fixed_pct=_share(float(sums["fixed", "fill"][k]), float(sums["fixed", "told"][k])),
            litres=float(sums["actual", "litres"][k]), overflow_min=float(sums["actual", "over_s"][k]) / 60.0,
            overflow_fixed_min=float(sums["fixed", "over_s"][k]) / 60.0,
        )
        for k, b in enumerate(f.days.bins)
    )  # fmt: skip
