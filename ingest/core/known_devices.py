"""What ingest knows of a registered device."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class KnownDevice:
    """A registered device.

    Attributes:
        device_id: key in the database.
        name: MQTT user name and topic level.
        kind: name of its kind.
        shard: shard in which it may publish, 0..15.
        installed_at_us: installation [µs since 1970 UTC]; no reading is older than a
            day before it.
        home_id: home it stands in, for diary entries; None outside homes.
        clock: what is stored of its latest start's clock: boot, offset [µs], from what; None where nothing is.
        refused: why nothing of it is taken: ``quarantined`` or ``revoked``; empty: it is.
    """

    device_id: int
    name: str
    kind: str
    shard: int
    installed_at_us: int
    home_id: int | None = None
    clock: tuple[int, int, Literal["reading", "birth", "arrival"]] | None = field(default=None, compare=False)
    refused: str = ""
