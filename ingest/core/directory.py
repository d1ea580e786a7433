"""The registered devices as ingest looks them up: by topic, and as columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from devices.contract.codecs.json import ReadingDecoder, reading_decoder
from devices.contract.kind import Kind
from devices.contract.topics import topic
from ingest.core.known_devices import KnownDevice

DAY_US = 86_400_000_000


NOWHERE = -1
"""Device row and kind number of a topic that is no registered device's reading topic."""


class Directory:
    """Registered devices.

    Attributes:
        kinds: declared kinds; their places are the kind numbers.
        decoders: one per kind.
        row_of_topic: device row by the whole topic of a device's readings. One look-up answers
            whether the device exists and whether shard and kind are its own.
        by_name: devices by name.
        devices: devices; their places are the device rows.
        kind_of: kind number, one per device row, and last ``NOWHERE`` for ``NOWHERE``; shape (devices + 1,).
        device_id: shape (devices,).
        earliest_us: no reading of a device is older than this [µs since 1970]; shape (devices,).
    """

    def __init__(self, kinds: Mapping[str, Kind], devices: Iterable[KnownDevice]) -> None:
        self.kinds: tuple[Kind, ...] = tuple(kinds.values())
        self.decoders: tuple[ReadingDecoder, ...] = tuple(reading_decoder(k) for k in self.kinds)
        self.kind_no = {k.name: i for i, k in enumerate(self.kinds)}
        self.devices: tuple[KnownDevice, ...] = tuple(devices)
        self.by_name: dict[str, KnownDevice] = {d.name: d for d in self.devices}
        self.index_of = {d.name: i for i, d in enumerate(self.devices)}
        self.device_id: NDArray[np.int32] = np.array([d.device_id for d in self.devices], dtype=np.int32)
        self.earliest_us: NDArray[np.int64] = (
            np.array([d.installed_at_us for d in self.devices], dtype=np.int64) - DAY_US
        )
        self.by_id: dict[int, KnownDevice] = {d.device_id: d for d in self.devices}
        self.kind_of: NDArray[np.int32] = np.array(
            [*(self.kind_no.get(d.kind, NOWHERE) for d in self.devices), NOWHERE], dtype=np.int32
        )
        self.row_of_topic = {
            topic(d.shard, d.kind, d.name, "reading"): row
            for row, d in enumerate(self.devices)
            if d.kind in self.kind_no and not d.refused
        }
