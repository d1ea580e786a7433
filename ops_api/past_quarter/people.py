"""What passers-by report of bins that overflow: few of many."""

from __future__ import annotations

import numpy as np

from firmware_sim.world.noise import generator
from ops_api.simulated_street import SimulatedStreet
from rules.core.collection_acts.record import NewAct

REPORTED = 0.05
"""Of bins that overflow in the evening so many are reported that evening: our own guess."""
VIA = "simulated quarter"


def reports(street: SimulatedStreet, seed: int, now_s: float) -> list[NewAct]:
    """Return what is reported on an evening; the same for the same seed."""
    lots = generator(seed, 33, int(now_s) // 86_400).uniform(size=len(street.sites))
    full = np.flatnonzero((street.town.model.fill >= 1.0) & (lots < REPORTED))
    return [
        NewAct(
            ref=f"bin:{street.sites[k].bin_id}", what="overflowing", at_s=now_s - 3600.0, by="a passer-by", role="resident",
            via=VIA, request_id=f"{VIA} report {street.sites[k].bin_id} {int(now_s)}",
        )
        for k in full.tolist()
    ]  # fmt: skip
