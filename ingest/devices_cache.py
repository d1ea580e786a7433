"""The directory of devices, kept fresh: by time, and when a device appears that it lacks."""

from __future__ import annotations

import math
from collections.abc import Mapping

import structlog

from cityops.clock import Clock
from devices.contract.kind import Kind
from ingest.core.decode import Decoder
from ingest.core.directory import Directory
from ingest.core.known_devices import KnownDevice
from ingest.ports import DeviceSource

log = structlog.get_logger(__name__)

REFRESH_S = 300.0
"""Age at which the devices are loaded again."""

UNKNOWN_S = 5.0
"""Least time between loads because of an unknown device, however many there are [s].

Loads for other reasons don't count: a town that is registered just after the start is
known by its first reading.
"""


class DevicesCache:
    """Loads the devices and gives the decoder its directory."""

    def __init__(self, source: DeviceSource, kinds: Mapping[str, Kind], clock: Clock) -> None:
        self._source = source
        self._kinds = kinds
        self._clock = clock
        self._devices: list[KnownDevice] = []
        self._loaded_s: float | None = None
        self._sought_s: float | None = None
        self._directory = Directory(kinds, [])
        self.decoder = Decoder(self._directory)

    @property
    def loaded(self) -> bool:
        """Whether the devices have been loaded at all."""
        return self._loaded_s is not None

    def device(self, device_id: int) -> KnownDevice | None:
        """Return a device by id."""
        return self._directory.by_id.get(device_id)

    async def load(self) -> None:
        """Load the devices now; TransientError where that fails."""
        devices = list(await self._source.load())
        self._loaded_s = self._clock.monotonic()
        self.decoder.know_clocks(devices)
        if devices == self._devices:
            return
        self._devices = devices
        self._directory = Directory(self._kinds, devices)
        self.decoder.replace_directory(self._directory)
        log.info("devices loaded", devices=len(devices))

    async def refresh(self, *, unknown: bool = False) -> bool:
        """Load the devices where they are old, or ``unknown`` ones appear; return whether it did."""
        last_s, least_s = (self._sought_s, UNKNOWN_S) if unknown else (self._loaded_s, REFRESH_S)
        now_s = self._clock.monotonic()
        if last_s is not None and now_s - last_s < least_s:
            return False
        if unknown:
            self._sought_s = now_s
        await self.load()
        return True

    def look_again(self) -> None:
        """Make the next ``refresh`` load; until then what was loaded counts."""
        if self._loaded_s is not None:
            self._loaded_s = -math.inf

    def expire(self) -> None:
        """Make the next ``refresh`` load."""
        self._loaded_s = None
