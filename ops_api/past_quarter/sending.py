"""Bins' readings as their sensors send them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec
import numpy as np

from devices.contract.topics import shard_of, topic
from devices.registry import BinSite
from firmware_sim.world.bin_town import BinReadings

FIELDS = ("distance_mm", "temperature_c", "tilt_deg", "battery_pct", "battery_v")
BOOT = 1


@dataclass
class Sender:
    """Makes messages of what arrived; sequence numbers go on, also over what was lost.

    Args:
        sites: in the order of the readings.
    """

    sites: Sequence[BinSite]
    seq: int = field(default=0)

    def messages(self, told: Sequence[BinReadings]) -> tuple[list[str], list[bytes]]:
        """Return topics and payloads: of each bin one with all its readings that arrived."""
        first, self.seq = self.seq, self.seq + len(told)
        heard = np.array([r.heard for r in told]).reshape(len(told), len(self.sites))
        columns = {n: np.array([getattr(r, n) for r in told]) for n in FIELDS}
        topics, payloads = list[str](), list[bytes]()
        for k, site in enumerate(self.sites):
            rows = [
                {
                    "ts": round(1000.0 * told[j].time_s), "boot": BOOT, "seq": first + j,
                    **{n: float(columns[n][j, k]) for n in FIELDS},
                }
                for j in np.flatnonzero(heard[:, k]).tolist()
            ]  # fmt: skip
            if rows:
                topics.append(topic(shard_of(site.device), "bin", site.device, "reading"))
                payloads.append(msgspec.json.encode(rows))
        return topics, payloads
