"""The rule of every route, by area. ``RULES["POST /api/v1/alarms/{alarm_id}/close"]``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ops_api.access.model import Rule
from ops_api.access.rules import (
    bins,
    desk,
    device_identities,
    fleet,
    homes,
    identity,
    lorawan,
    open_data,
    platform,
    privacy,
    public,
    rest,
    sta,
    updates,
    winter,
)


def joined(areas: Iterable[Mapping[str, Rule]]) -> Mapping[str, Rule]:
    """Return the rules of all areas as one table.

    Raises:
        ValueError: two areas have a rule for the same route.
    """
    table: dict[str, Rule] = {}
    for area in areas:
        twice = sorted(table.keys() & area.keys())
        if twice:
            raise ValueError(f"two rules for {', '.join(twice)}")
        table |= area
    return table


AREAS: Mapping[str, Mapping[str, Rule]] = {
    "For everybody": public.RULES,
    "Homes and housing": homes.RULES,
    "Winter roads": winter.RULES,
    "Bins": bins.RULES,
    "Alarms, work, incidents": desk.RULES,
    "The platform": platform.RULES,
    "Settings of devices": fleet.RULES,
    "Devices' identities": device_identities.RULES,
    "LoRaWAN": lorawan.RULES,
    "Accounts and keys": identity.RULES,
    "Privacy": privacy.RULES,
    "Exports and streams": rest.RULES,
    "SensorThings": sta.RULES,
    "Open data": open_data.RULES,
    "Updates of devices": updates.RULES,
}
RULES: Mapping[str, Rule] = joined(AREAS.values())
