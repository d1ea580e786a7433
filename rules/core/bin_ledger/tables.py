"""Every collection and every bin-day behind a statement's figures, as rows for CSV."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np

from rules.core.bin_ledger.lines import Facts
from rules.core.bin_ledger.one_bin import OneBin

COLLECTIONS = ("side", "bin_id", "at", "fill_pct", "after_pct", "litres", "confidence", "evidence")
BIN_DAYS = (
    "bin_id", "day", "known", "collections", "collections_fixed", "wasted", "wasted_fixed", "litres", "litres_fixed",
    "overflow_min", "overflow_replayed_min", "overflow_fixed_min", "overflow_fixed_less_min", "overflow_fixed_more_min",
)  # fmt: skip

Cells = tuple[str, ...]


def collections(f: Facts) -> Iterator[Cells]:
    """Yield the heads, then every emptying that was detected, every stop without one, and every one on fixed days."""
    yield COLLECTIONS
    for b in f.days.made:
        yield from _actual(b, f)
        yield from _fixed(b, f)
    yield from _stops(f)


def _actual(b: OneBin, f: Facts) -> Iterator[Cells]:
    for e in b.own:
        if f.days.cal.day_of(e.t_s) is not None:
            litres = max(min(e.before_pct, 100.0) - e.after_pct, 0.0) * b.capacity_l / 100.0
            yield (
                "actual", b.bin_id, _iso(e.t_s), f"{e.before_pct:.1f}", f"{e.after_pct:.1f}", f"{litres:.1f}",
                f"{e.confidence:.2f}", " ".join(e.evidence),
            )  # fmt: skip


def _fixed(b: OneBin, f: Facts) -> Iterator[Cells]:
    """Yield the bin's stops on fixed days; the fill is the mean of what it may have been."""
    some = b.replays["fixed"]
    fills = np.mean([np.minimum(r.fill_pct, 100.0) for r in some], axis=0)
    for at_s, fill, after in zip(
        some[0].at_s.tolist(), fills.tolist(), some[0].after_pct.tolist(), strict=True
    ):
        if f.days.cal.day_of(at_s) is not None:
            litres = max(fill - after, 0.0) * b.capacity_l / 100.0
            yield (
                "fixed",
                b.bin_id,
                _iso(at_s),
                f"{fill:.1f}",
                f"{after:.1f}",
                f"{litres:.1f}",
                "",
                "schedule",
            )


def _stops(f: Facts) -> Iterator[Cells]:
    """Yield the stops of rounds; those with an emptying are above, too."""
    for d in f.i.rounds or ():
        if f.i.first <= d.day <= f.i.last:
            for bin_id in d.bins:
                yield "stop", bin_id, d.day.isoformat(), "", "", "", "", f"{d.lorry} {d.source}"


def bin_days(f: Facts) -> Iterator[Cells]:
    """Yield the heads, then every judged bin's days; of a day that is not known nothing but that."""
    yield BIN_DAYS
    sides = f.days.sides
    columns = [
        *((sides[s], n, 1.0) for n in ("visits", "wasted", "litres") for s in ("actual", "fixed")),
        *((sides[s], "over_s", 60.0) for s in ("actual", "checked", "fixed", "less", "more")),
    ]
    for k, bin_id in enumerate(f.days.bins):
        for d, day in enumerate(f.days.cal.days):
            if not f.days.known[k, d]:
                yield bin_id, day.isoformat(), "no", *([""] * len(columns))
                continue
            yield (
                bin_id,
                day.isoformat(),
                "yes",
                *(f"{getattr(s, n)[k, d] / unit:.2f}" for s, n, unit in columns),
            )


def _iso(at_s: float) -> str:
    return datetime.fromtimestamp(at_s, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
