"""The rule of every route, by area. ``RULES["POST /api/v1/alarms/{alarm_id}/close"]``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ops_api.access.model import Rule
from ops_api.access.rules import (
    bins,
    desk,
    homes,
    identity,
    open_data,
    platform,
    privacy,
    public,
    rest,
    sta,
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


RULES: Mapping[str, Rule] = joined(
    area.RULES
    for area in (public, homes, winter, bins, desk, platform, identity, privacy, rest, sta, open_data)
)
