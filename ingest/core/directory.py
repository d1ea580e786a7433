"""The registered devices as ingest looks them up: by topic, and as columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from devices.contract.codecs.json import ReadingDecoder, reading_decoder
from devices.contract.kind import Kind
from devices.contract.topics import topic
from ingest.core.known_devices import KnownDevice

DAY_US = 86_400_000_000


@dataclass(frozen=True, slots=True)
class Route:
    """Where a reading topic leads: the device's row, its kind's number, its decoder."""

    index: int
    kind_no: int
    decode: Callable[[bytes], Any]


class Directory:
    """Registered devices.

    Attributes:
        kinds: declared kinds, in the order of ``Route.kind_no``.
        decoders: one per kind.
        routes: by the whole topic of a device's readings. One look-up answers whether
            the device exists and whether shard and kind are its own.
        by_name: devices by name.
        devices: devices in the order of ``Route.index``.
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
        self.routes: dict[str, Route] = dict(self._routes())

    def _routes(self) -> Iterable[tuple[str, Route]]:
        for index, device in enumerate(self.devices):
            kind_no = self.kind_no.get(device.kind)
            if kind_no is not None:
                decode = self.decoders[kind_no].message.decode
                yield topic(device.shard, device.kind, device.name, "reading"), Route(index, kind_no, decode)
