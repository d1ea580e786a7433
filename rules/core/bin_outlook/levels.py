"""What of a bin's memory and site the outlook reads: here alone, so that another way to a level changes nothing else. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

import numpy as np

from devices.registry import BinSite
from rules.core.bin_level.condition import condition_of
from rules.core.bin_level.parameters import FilterParameters
from rules.core.memory import BinMemory
from rules.core.psychrometrics import Floats

TYPICAL_L = 240.0


class Levels(NamedTuple):
    """What is in the bins by their last valid reading; NaN: not known.

    Attributes:
        at_s: when it was measured [s since 1970].
        fill_pct: filtered [% of fill].
        cycle_s: when the bin was emptied last, 0 = never yet [s since 1970].
        unsure: whether it lies on its side, is blocked, stuck or gives no echo now: what it shows next is no continuation.
    """

    at_s: Floats
    fill_pct: Floats
    cycle_s: Floats
    unsure: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]


def place_of(site: BinSite) -> str:
    """Return the kind of place that a bin fills like: "Market place"."""
    return site.place or site.label.partition(",")[0]


def is_sensitive(site: BinSite) -> bool:
    """Whether an overflow there is worse than elsewhere."""
    return site.sensitive


def levels(
    memory: Mapping[str, BinMemory],
    index: Mapping[str, int],
    p: FilterParameters,
    stuck: Collection[str] = (),
) -> Levels:
    """Return the levels of all bins, by their number; ``stuck``: those whose sensor says always the same, as data quality has found."""
    n = len(index)
    at_s, fill, cycle_s = np.full(n, np.nan), np.full(n, np.nan), np.zeros(n)
    unsure = np.zeros(n, dtype=np.bool_)
    for bin_id, now in memory.items():
        i = index.get(bin_id)
        fills = now.fills
        if i is None or fills.track is None or not fills.filtered:
            continue
        at_s[i], fill[i] = fills.track.at_s, fills.filtered[-1]
        if fills.emptied_s is not None:
            cycle_s[i] = fills.emptied_s
        if bin_id in stuck:
            unsure[i] = True
        elif fills.tilted or fills.silent or fills.jam or fills.edge:
            unsure[i] = condition_of(fills, now.at_s, False, p) != "ok"
    return Levels(at_s, fill, cycle_s, unsure)
