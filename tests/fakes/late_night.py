"""A frosty night in the hamlet in which one road sensor's readings of three hours come in one go."""

from __future__ import annotations

from collections.abc import Sequence

from tests.fakes.rules_town import Reading

HOURS = 12.0
GONE_H, BACK_H = 3.0, 6.0
"""Readings of road-0 measured between the two come at the second."""


def measured(minutes: float, colder_c: float = 2.0) -> list[Reading]:
    """What is measured in one ten-minute interval: the road of route 1 is ``colder_c`` colder than the other."""
    at_s, surface_c = minutes * 60.0, 5.5 - minutes / 90.0
    road = {"air_temperature_c": surface_c + 1.0, "humidity_pct": 97.0, "water_film_mm": 0.3}
    return [
        ("weather", "wx-0", at_s, {"air_temperature_c": surface_c + 1.0, "humidity_pct": 96.0, "wind_speed_m_s": 0.5}),
        ("road", "road-0", at_s + 1, {**road, "surface_temperature_c": surface_c - colder_c}),
        ("road", "road-1", at_s + 2, {**road, "surface_temperature_c": surface_c}),
        ("frog", "frog-2", at_s + 3, {"temperature_c": 15.0, "humidity_pct": 85.0}),
        ("bin", "bin-0", at_s + 4, {"distance_mm": max(150.0, 900.0 - 2 * minutes)}),
    ]  # fmt: skip


def batches(hours: float = HOURS) -> list[list[Reading]]:
    """The night's batches in order of receipt."""
    kept: list[Reading] = []
    found: list[list[Reading]] = []
    for minutes in range(0, int(hours * 60), 10):
        now = measured(float(minutes))
        if GONE_H * 60 <= minutes < BACK_H * 60:
            kept += [r for r in now if r[1] == "road-0"]
            now = [r for r in now if r[1] != "road-0"]
        elif kept and minutes >= BACK_H * 60:
            found.append(kept)
            kept = []
        found.append(now)
    return found


def late(found: Sequence[Sequence[Reading]]) -> list[Reading]:
    """The readings of the backlog."""
    return next(list(b) for b in found if len({r[1] for r in b}) == 1 and len(b) > 1)
