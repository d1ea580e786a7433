"""The town of ``cityops verify damp``: its registry, and what its devices send. Pure.

Homes and weather are the simulated world's (``firmware_sim.world``); what is sent is what the real agent sends after a day
without a link: one array of readings for each device and day.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import msgspec
import numpy as np

from devices.contract.topics import shard_of, topic
from devices.registry import Device, Home, Registry
from firmware_sim.world.home_weeks import STEP_S, Weeks
from firmware_sim.world.noise import generator
from firmware_sim.world.psychro import Floats, saturation_pa

FIRST = datetime(2026, 1, 12, tzinfo=UTC)
"""Midnight of a Monday; the simulated weeks begin on one."""
STATION = "weather-0001"
STATION_EVERY = 6
"""Steps between two readings of the weather station: half an hour."""
FACTOR_ERROR = 0.02
"""How far the factor that a surveyor writes down is from the wall's true one, 1 sigma [-]."""
STEPS_A_DAY = 86_400 // STEP_S
TOGETHER = 50
"""Messages in a batch: 14,400 readings."""


def box(home: int) -> str:
    """Return the name of a home's frog box."""
    return f"frog-{home + 1:04d}"


def code(home: int) -> str:
    """Return a home's code."""
    return f"verify-{home + 1:04d}"


def registry(w: Weeks, seed: int) -> Registry:
    """Return the town: a box a home, one weather station; what is assumed of a home's wall is a little wrong."""
    since = FIRST - timedelta(days=1)
    error = generator(seed, 904).normal(0.0, FACTOR_ERROR, len(w.kind))
    factor = np.clip(np.round(w.fabric.factor + error, 2), 0.3, 0.95).tolist()
    names = [*(box(i) for i in range(len(w.kind))), STATION]
    return Registry(
        name="verify damp",
        devices=tuple(
            Device(
                name=name,
                kind="weather" if name == STATION else "frog",
                shard=shard_of(name),
                cadence_s=STEP_S * (STATION_EVERY if name == STATION else 1),
                installed_at=since,
            )
            for name in names
        ),
        homes=tuple(
            Home(
                code=code(i),
                label=f"{i + 1} Verify Street",
                devices=(box(i),),
                temperature_factor=factor[i],
                occupants=int(w.habits.occupants[i]),
            )
            for i in range(len(w.kind))
        ),
    )


def messages(w: Weeks) -> Iterator[tuple[list[str], list[bytes]]]:
    """Yield batches of topics and payloads, day by day."""
    humidity: Floats = np.minimum(100.0 * w.outdoor_vapour_pa / saturation_pa(w.outdoor_c), 100.0)
    outdoors: dict[str, Floats] = {
        "air_temperature_c": np.asarray(np.round(w.outdoor_c, 1)),
        "humidity_pct": np.asarray(np.round(humidity, 1)),
        "wind_speed_m_s": np.asarray(np.round(w.wind_m_s, 1)),
    }
    for first in range(0, len(w.at_s), STEPS_A_DAY):
        steps = range(first, min(first + STEPS_A_DAY, len(w.at_s)))
        sent = [_message(w, STATION, "weather", outdoors, steps[::STATION_EVERY])]
        for home in range(len(w.kind)):
            air = {"temperature_c": w.temperature_c[:, home], "humidity_pct": w.humidity_pct[:, home]}
            sent.append(_message(w, box(home), "frog", air, steps))
        for start in range(0, len(sent), TOGETHER):
            some = sent[start : start + TOGETHER]
            yield [t for t, _ in some], [p for _, p in some]


def _message(w: Weeks, name: str, kind: str, values: dict[str, Floats], steps: range) -> tuple[str, bytes]:
    part = slice(steps.start, steps.stop, steps.step)
    ms = (FIRST.timestamp() + w.at_s[part] - STEP_S) * 1000.0
    columns = [v[part].tolist() for v in values.values()]
    readings = [
        {"ts": int(at), "boot": 1, "seq": seq, **dict(zip(values, row, strict=True))}
        for at, seq, *row in zip(ms.tolist(), steps, *columns, strict=True)
    ]
    return topic(shard_of(name), kind, name, "reading"), msgspec.json.encode(readings)
