"""When the ingester looks again who is registered."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from cityops.clock import ManualClock
from devices.contract.kind import discover
from ingest.core.known_devices import KnownDevice
from ingest.devices_cache import REFRESH_S, UNKNOWN_S, DevicesCache


class Source:
    """Devices that a test adds to; counts how often it was asked."""

    def __init__(self) -> None:
        self.devices: list[KnownDevice] = []
        self.loads = 0

    async def load(self) -> Iterable[KnownDevice]:
        self.loads += 1
        return list(self.devices)


def _cache() -> tuple[DevicesCache, Source, ManualClock]:
    source, clock = Source(), ManualClock(datetime(2026, 1, 9, tzinfo=UTC))
    return DevicesCache(source, discover(), clock), source, clock


async def test_a_device_registered_just_after_the_start_is_found_at_once() -> None:
    cache, source, clock = _cache()
    await cache.load()
    source.devices.append(KnownDevice(7, "road-007", "road", 1, 0))
    clock.advance(0.1)
    assert await cache.refresh(unknown=True)
    assert cache.device(7) is not None


async def test_unknown_devices_do_not_make_it_load_again_and_again() -> None:
    cache, source, clock = _cache()
    await cache.load()
    for _ in range(10):
        await cache.refresh(unknown=True)
        clock.advance(UNKNOWN_S / 20)
    assert source.loads == 2
    clock.advance(UNKNOWN_S)
    assert await cache.refresh(unknown=True)


async def test_devices_are_loaded_again_when_they_are_old() -> None:
    cache, source, clock = _cache()
    await cache.load()
    clock.advance(REFRESH_S - 1)
    assert not await cache.refresh()
    clock.advance(1)
    assert await cache.refresh()
    assert source.loads == 2
