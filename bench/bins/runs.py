"""Traces through the detection of emptyings, and how well they are found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from bench.bins.traces import Noise, Trace
from devices.registry import BinModel, BinSite
from rules.catalogue.loader import load
from rules.core.bin_emptying.detect import Seen, observe
from rules.core.bin_emptying.evidence import NOTHING, Heard
from rules.core.bin_emptying.judge import Found
from rules.core.bin_emptying.passes import Pass, passed
from rules.core.bin_level.geometry import measured_pct, shape_of
from rules.core.bin_level.state import Fills
from rules.core.readings import known

P = load().full.parameters
SITE = BinSite(bin_id="b", label="B", street="S", device="d", latitude_deg=52.0, longitude_deg=0.0)
SHAPE = shape_of(SITE, BinModel(model_id="plain", device_compensates=False), P.filter)


@dataclass
class Run:
    """What was found in a trace, and by how much the level was wrong after each reading [%]."""

    found: list[Found] = field(default_factory=list)
    errors_pct: list[float] = field(default_factory=list)


def seen_of(trace: Trace) -> Iterator[tuple[Seen, float]]:
    """Yield a trace's readings, each time once, as the engine hands them on, with the true fill [%]."""
    last_s = -1.0
    for (at_s, distance_mm, temperature_c, tilt_deg), true in zip(
        trace.readings, trace.true_pct, strict=True
    ):
        if at_s > last_s:
            fill = measured_pct(known(distance_mm), None, known(temperature_c), SHAPE, P.filter.reference_c)
            yield Seen(at_s, fill, False, known(tilt_deg)), true
            last_s = at_s


def run_trace(trace: Trace, lorries: bool) -> Run:
    """Return what is found in a trace, with the lorries that came near or without."""
    f, run, waiting = Fills(), Run(), iter([*trace.fixes, (float("inf"), False)])
    near: tuple[Pass, ...] = ()
    fix_s, stands = next(waiting)
    for s, true in seen_of(trace):
        while lorries and fix_s < s.at_s - 60.0:
            near = passed(near, Pass(fix_s // 60.0 * 60.0 + 60.0, fix_s, 10.0, "lorry-1", int(stands)))
            fix_s, stands = next(waiting)
        f, new = observe(f, s, SHAPE, P.filter, P.emptying, Heard(near) if lorries else NOTHING)
        run.found += new
        if f.fill_pct is not None and true == true:  # NaN: nobody knows
            run.errors_pct.append(abs(f.fill_pct - true))
    return run


def emptied(found: Sequence[Found]) -> list[Found]:
    """Return the emptyings that were not taken back."""
    gone = {f.at_s for f in found if f.what == "retracted"}
    return [f for f in found if f.what == "emptied" and f.at_s not in gone]


@dataclass
class Score:
    """Emptyings found, not found, and found that were none."""

    hits: int = 0
    missed: int = 0
    false: int = 0

    @property
    def precision(self) -> float:
        """Share of what was found that was so."""
        return self.hits / max(1, self.hits + self.false)

    @property
    def recall(self) -> float:
        """Share of what was so that was found."""
        return self.hits / max(1, self.hits + self.missed)

    def add(self, truth_s: Sequence[float], found_s: Sequence[float], noise: Noise) -> None:
        """Match each emptying with the first found within three readings, or six hours, after it."""
        within_s, left = max(3.0 * noise.cadence_s, 6.0 * 3600.0), sorted(found_s)
        for at_s in truth_s:
            hit = next((f for f in left if at_s - 0.5 * noise.cadence_s <= f <= at_s + within_s), None)
            self.hits += hit is not None
            self.missed += hit is None
            if hit is not None:
                left.remove(hit)
        self.false += len(left)
