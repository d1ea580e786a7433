"""What goes wrong with sensors and links, as pure functions of value, key and time.

A fault never makes a NaN: chips fail with plausible-looking numbers. Which devices have
which fault is settled once, by the scenario and the seed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from devices.registry import Device
from firmware_sim.world.noise import bits, gauss5, key_of, mix, unit
from firmware_sim.world.script import Fault

SENTINELS: Mapping[str, float] = {
    "temperature_c": 85.0, "wall_temperature_c": -127.0, "surface_temperature_c": -127.0,
    "air_temperature_c": 85.0, "subsurface_temperature_c": -127.0, "distance_mm": 65535.0,
}  # fmt: skip
"""What the chip says when it can't measure: DS18B20 85 (power-on) and -127 (gone), LoRaWAN 65535."""
HOTTEST_READING_C = 125.0
"""Where the temperature chip of a bin sensor ends: a fire is hotter than it can say."""
JAMMED_MM = 230.0
"""Where a jammed box is where the scenario doesn't say: the bin seems full."""
BINS_AROUND = 3
FIRE_RISE_S, FIRE_LASTS_S = 1200.0, 7200.0
DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Active:
    """A fault of one device: its script, its own key and its times [s since 1970]."""

    fault: Fault
    key: int
    from_s: float
    to_s: float

    def holds(self, time_s: float) -> bool:
        """Whether the fault is there at a time."""
        return self.from_s <= time_s < self.to_s


def assign(
    faults: Sequence[Fault], devices: Sequence[Device], seed: int, start_s: float
) -> dict[str, list[Active]]:
    """Return the faults of each device that has any.

    Raises:
        ValueError: a fault names a device that is not there.
    """
    by_name = {d.name: d for d in devices}
    result: dict[str, list[Active]] = {}
    for number, fault in enumerate(faults):
        unknown = [name for name in fault.devices if name not in by_name]
        if unknown:
            raise ValueError(f"faults[{number}].devices names {unknown[0]!r}; this town has no such device")
        for name in _chosen(fault, number, devices, seed):
            active = Active(
                fault=fault,
                key=key_of(seed, f"fault-{number}", name),
                from_s=start_s + 3600.0 * fault.from_hour,
                to_s=start_s + 3600.0 * fault.to_hour,
            )
            result.setdefault(name, []).append(active)
    return result


def _chosen(fault: Fault, number: int, devices: Sequence[Device], seed: int) -> list[str]:
    names = list(fault.devices)
    pool = [d.name for d in devices if d.kind == fault.kind]
    if fault.together:
        return list(dict.fromkeys(names + together(devices, fault.kind)[: fault.count]))
    wanted = max(fault.count, round(fault.share * len(pool)))
    ranked = sorted(pool, key=lambda name: key_of(seed, f"choose-{number}", name))
    return list(dict.fromkeys(names + ranked[:wanted]))


def together(devices: Sequence[Device], kind: str) -> list[str]:
    """Return the devices of a kind by their distance to one place: the road sensor that has bins closest around it.

    Closest: by the distance to the third bin. Without road sensors the place is the first bin's.
    """
    place = min(
        (d for d in devices if d.kind == "road"),
        key=lambda road: (
            sorted(_away(road, b) for b in devices if b.kind == "bin")[:BINS_AROUND][-1:],
            road.name,
        ),
        default=next((d for d in devices if d.kind == "bin"), None),
    )
    mine = [d for d in devices if d.kind == kind]
    return [] if place is None else [d.name for d in sorted(mine, key=lambda d: (_away(place, d), d.name))]


def _away(a: Device, b: Device) -> float:
    """Return the square of a distance, in degrees of latitude; infinity where one is nowhere."""
    if a.latitude_deg is None or b.latitude_deg is None or a.longitude_deg is None or b.longitude_deg is None:
        return math.inf
    east = (a.longitude_deg - b.longitude_deg) * math.cos(math.radians(a.latitude_deg))
    return (a.latitude_deg - b.latitude_deg) ** 2 + east**2


def stuck(held: float) -> float:
    """Return the value at which a sensor is stuck."""
    return held


def spike(value: float, key: int, tick: int, height: float, probability: float) -> float:
    """Return the value with a spike of ``height`` up or down, at some readings."""
    b = bits(key, tick)
    if unit(b) >= probability:
        return value
    return value + (height if b & 1 else -height)


def swing(value: float, since_s: float, height: float, spell_s: float) -> float:
    """Return the value of a sensor that reads too high for ``spell_s`` seconds, then too low for as long, in turn."""
    return value + (height if since_s // spell_s % 2 == 0 else -height)


def hits(key: int, tick: int, probability: float) -> bool:
    """Whether something that happens with a probability per reading happens at this one."""
    return unit(bits(key, tick)) < probability


def drift(value: float, per_day: float, since_s: float) -> float:
    """Return the value of a sensor that has drifted for ``since_s`` seconds."""
    return value + per_day * since_s / DAY_S


def fire(temperature_c: float, peak_c: float, since_s: float) -> float:
    """Return what the sensor in a burning bin reads: up in 20 minutes, down over two hours, at most 125 °C."""
    if since_s < 0.0 or since_s > FIRE_LASTS_S:
        return temperature_c
    rising = since_s / FIRE_RISE_S
    shape = rising if rising < 1.0 else 1.0 - (since_s - FIRE_RISE_S) / (FIRE_LASTS_S - FIRE_RISE_S)
    return min(temperature_c + (peak_c - temperature_c) * shape, HOTTEST_READING_C)


def jammed(distance_mm: float, key: int, tick: int) -> float:
    """Return what a sensor sees of a box that is jammed under it [mm]: the same, within 20 mm, whatever is below."""
    return float(round(distance_mm + 4.0 * gauss5(bits(key, tick))[0]))


def lying(distance_mm: float, key: int, tick: int) -> float:
    """Return what a sensor sees in a bin that lies [mm]: litter has slid, so anything about what was there."""
    return float(round(max(distance_mm * (0.4 + 0.8 * unit(bits(key, tick))), 60.0)))


def is_down(key: int, time_s: float, share: float, spell_s: float) -> bool:
    """Whether a flaky link is down: spells of ``spell_s``, down for ``share`` of them."""
    return unit(mix(key ^ int(time_s // spell_s))) < share


def corrupt(
    values: dict[str, float], active: Active, held: Mapping[str, float] | None, tick: int, time_s: float
) -> dict[str, float]:
    """Return the values that a faulty device reports instead of ``values``.

    ``held`` are the values at which it got stuck. A drop-out leaves fields (or all) out.
    """
    fault = active.fault
    for name in [n for n in values if fault.field in ("", n)]:
        changed = _changed(name, values[name], active, held, tick, time_s)
        if changed is None:
            del values[name]
        else:
            values[name] = changed
    return values


def _changed(
    name: str, value: float, active: Active, held: Mapping[str, float] | None, tick: int, time_s: float
) -> float | None:
    fault, since_s = active.fault, time_s - active.from_s
    kind = fault.fault
    if kind == "stuck":
        return stuck(fault.value if fault.value is not None else (held or {}).get(name, value))
    if kind == "spike":
        return spike(value, active.key, tick, 10.0 if fault.value is None else fault.value, fault.probability)
    if kind == "swing":
        return swing(value, since_s, 2.0 if fault.value is None else fault.value, fault.spell_s)
    if kind == "drift":
        return drift(value, 1.0 if fault.value is None else fault.value, since_s)
    if kind == "dropout":
        return None if hits(active.key, tick, fault.probability) else value
    if kind == "sentinel" and name in SENTINELS and hits(active.key, tick, fault.probability):
        return SENTINELS[name] if fault.value is None else fault.value
    return _of_bin(name, value, active, tick, since_s)


def _of_bin(name: str, value: float, active: Active, tick: int, since_s: float) -> float:
    """Return the value in a bin that burns, lies, or has a box jammed under its sensor."""
    fault = active.fault
    kind = fault.fault
    if kind == "fire" and name == "temperature_c":
        return fire(value, 200.0 if fault.value is None else fault.value, since_s)
    if kind == "tilt" and name == "tilt_deg":
        return 75.0 if fault.value is None else fault.value
    if kind == "tilt" and name == "distance_mm" and value != SENTINELS[name]:
        return lying(value, active.key, tick)
    if kind == "blocked" and name == "distance_mm":
        return jammed(JAMMED_MM if fault.value is None else fault.value, active.key, tick)
    return value
