"""Builds the SensorThings service from settings."""

from __future__ import annotations

from collections.abc import Mapping

from cityops.clock import Clock, SystemClock
from cityops.settings import Settings
from devices.contract.kind import Kind
from ops_api.queries import Pool
from ops_api.sensorthings.service import Sta
from ops_api.sensorthings.store import Store


def sensorthings(
    settings: Settings, pool: Pool, residents: Pool, kinds: Mapping[str, Kind], clock: Clock | None = None
) -> Sta:
    """Return the service.

    Args:
        settings: its part is ``sta``.
        pool: connections that may take the role ``cityops_open`` and call ``sta_sync``.
        residents: connections that may take the role ``cityops_resident``.
        kinds: kinds of device.
        clock: source of "now"; the machine's where not given.
    """
    return Sta(Store(pool, residents, settings.sta), settings.sta, kinds, clock or SystemClock(), pool)
