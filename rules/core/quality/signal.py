"""One device's signal: values that are stuck, and changes that no physics allows."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from rules.core.effects import iso, num
from rules.core.psychrometrics import Floats
from rules.core.quality.finding import Finding, Verdict
from rules.core.quality_memory import Held
from rules.core.quality_parameters import RateParameters, Watch

RATE_FIELDS: Mapping[str, str] = {
    "road": "surface_temperature_c",
    "frog": "temperature_c",
    "weather": "air_temperature_c",
}
JUMPS_KEPT = 8
WORDS: Mapping[str, str] = {
    "surface_temperature_c": "surface temperature",
    "temperature_c": "temperature",
    "air_temperature_c": "air temperature",
    "humidity_pct": "humidity",
    "distance_mm": "distance",
}


def hold(before: Held | None, value: float, at_s: float) -> Held:
    """Return since when a field says exactly the same."""
    if before is not None and before.value == value:
        return Held(value, before.since_s, before.n + 1)
    return Held(value, at_s, 1)


def is_stuck(held: Held, watch: Watch, last_s: float, emptied_s: float | None) -> bool:
    """Whether a value has been the same for too long.

    Args:
        held: the value.
        watch: how long is too long.
        last_s: the newest reading with it [s since 1970].
        emptied_s: when another bin was last emptied, or this one by its crew's word; None = never, or no bin.
    """
    if held.n < watch.readings or last_s - held.since_s < watch.after_s:
        return False
    return not watch.others_emptied or (emptied_s is not None and emptied_s > held.since_s)


def stuck_verdict(watch: Watch, held: Held, last_s: float) -> Finding:
    """Return the work on a stuck value. The value itself is in the inputs only: it may be a home's."""
    hours = (last_s - held.since_s) / 3600.0
    span = f"{hours / 24:.0f} days" if hours >= 72 else f"{hours:.0f} hours"
    word = WORDS.get(watch.field, watch.field)
    return Finding(
        what=f"{word} is stuck",
        reason=f"The {word} has been exactly the same in {held.n} readings over {span}; "
        f"{watch.readings} over {watch.after_s / 3600:g} hours are too many.",
        inputs={
            "field": watch.field, "value": num(held.value, 3), "since": iso(held.since_s),
            "readings": held.n, "at": iso(last_s),
        },
    )  # fmt: skip


def jumped(
    before: Held | None, value: float, before_s: float, at_s: float, kind: str, p: RateParameters
) -> bool:
    """Whether a reading is further from the one before than physics allows [°C/min].

    Within a minute the whole of a minute's change is allowed: noise divided by seconds is no rate.
    """
    most = p.most_c_per_min.get(kind)
    if before is None or most is None or not 0.0 < at_s - before_s <= p.gap_s:
        return False
    return abs(value - before.value) / max(1.0, (at_s - before_s) / 60.0) > most


def all_jumped(
    before: Floats, value: Floats, before_s: Floats, at_s: Floats, kind: str, p: RateParameters
) -> NDArray[np.bool_]:
    """Return :func:`jumped` of many readings; ``before``: NaN where there was none."""
    most, gap_s = p.most_c_per_min.get(kind), at_s - before_s
    if most is None:
        return np.zeros(len(value), dtype=bool)
    fast = np.abs(value - before) / np.maximum(1.0, gap_s / 60.0) > most  # NaN is not
    return np.asarray(fast & (gap_s > 0.0) & (gap_s <= p.gap_s))


def rate_verdict(jumps: tuple[float, ...], kind: str, at_s: float, p: RateParameters) -> Verdict:
    """Return what the impossible changes of late ask for."""
    recent = [t for t in jumps if at_s - t <= p.within_s]
    if not recent:
        return "fine"
    if len(recent) < p.times:
        return "unsure"
    most = p.most_c_per_min[kind]
    return Finding(
        what="it jumps",
        reason=f"{len(recent)} changes of more than {most:g} °C a minute in {p.within_s / 3600:g} hours, "
        f"the last at {iso(recent[-1])}: loose contact, water or a failing sensor.",
        inputs={"jumps": [iso(t) for t in recent], "most_c_per_min": most, "at": iso(recent[-1])},
    )
