"""Bins through the level and the detection of emptyings, without the engine; and how well emptyings are found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from devices.registry import BinModel, BinSite
from rules.catalogue.loader import load
from rules.core.bin_emptying.detect import Seen, observe
from rules.core.bin_emptying.evidence import NOTHING, Heard
from rules.core.bin_emptying.judge import Found
from rules.core.bin_emptying.passes import Pass, passed
from rules.core.bin_level.geometry import Shape, measured_pct, shape_of
from rules.core.bin_level.state import Fills
from tests.fakes.bin_traces import Noise, Trace

P = load().full.parameters
SITE = BinSite(bin_id="b", label="B", street="S", device="d", latitude_deg=52.0, longitude_deg=0.0)
PLAIN = BinModel(model_id="plain", device_compensates=False)
SHAPE = shape_of(SITE, PLAIN, P.filter)


def run(seen: Iterable[Seen], shape: Shape = SHAPE, heard: Heard = NOTHING) -> tuple[Fills, list[Found]]:
    """Return what is remembered in the end, and all that was found."""
    f, found = Fills(), list[Found]()
    for s in seen:
        f, new = observe(f, s, shape, P.filter, P.emptying, heard)
        found += new
    return f, found


def levels(*fills: float | None, every_s: float = 1800.0, **more: object) -> tuple[Fills, list[Found]]:
    """Return the same of fills [%] in even steps; None: no echo."""
    return run((Seen(i * every_s, fill, **more) for i, fill in enumerate(fills)))  # type: ignore[arg-type]


def emptied(found: Sequence[Found]) -> list[Found]:
    """Return the emptyings that were not taken back."""
    gone = {f.at_s for f in found if f.what == "retracted"}
    return [f for f in found if f.what == "emptied" and f.at_s not in gone]


def known(value: float) -> float | None:
    return None if value != value else value


def seen_of(trace: Trace) -> Iterable[Seen]:
    """Return a trace's readings, each time once, as the engine hands them on."""
    last_s = -1.0
    for at_s, distance_mm, temperature_c, tilt_deg in trace.readings:
        if at_s > last_s:
            mm, heat = known(distance_mm), known(temperature_c)
            yield Seen(
                at_s, measured_pct(mm, None, heat, SHAPE, P.filter.reference_c), mm is None, known(tilt_deg)
            )
            last_s = at_s


def run_trace(trace: Trace, lorries: bool) -> list[Found]:
    """Return what is found in a trace, with the lorries that came near or without."""
    f, found, waiting, near = Fills(), list[Found](), list(trace.fixes), ()
    for s in seen_of(trace):
        while lorries and waiting and waiting[0][0] < s.at_s - 60.0:
            at_s, stands = waiting.pop(0)
            near = passed(near, Pass(at_s // 60.0 * 60.0 + 60.0, at_s, 10.0, "lorry-1", int(stands)))
        f, new = observe(f, s, SHAPE, P.filter, P.emptying, Heard(near) if lorries else NOTHING)
        found += new
    return found


@dataclass
class Score:
    """Emptyings found, not found, and found that were none."""

    hits: int = 0
    missed: int = 0
    false: int = 0

    @property
    def precision(self) -> float:
        return self.hits / max(1, self.hits + self.false)

    @property
    def recall(self) -> float:
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
