"""What a good sensor of each kind reports: truth, plus its own bias, noise and resolution.

One reader per device, made once; a call costs a hash and a few look-ups. Values are
rounded to the field's resolution and kept inside the contract's range.
"""

from __future__ import annotations

from collections.abc import Callable

from firmware_sim.world.bin_sensors import BinSensors
from firmware_sim.world.bins import BinModel
from firmware_sim.world.collection import LorryState
from firmware_sim.world.noise import bits, gauss5, key_of, mix
from firmware_sim.world.psychro import Floats
from firmware_sim.world.terrain import METRES_PER_DEGREE

Values = dict[str, float]
Reader = Callable[[int], Values]
"""From the time [ms since 1970] to field values."""


def _within(value: float, low: float, high: float) -> float:
    return low if value < low else high if value > high else value


def frog_reader(
    seed: int, name: str, row: int, truth: list[tuple[float, float, float]], shared: list[float], probe: bool
) -> Reader:
    """Return the reader of a frog; ``truth[row]`` = (air °C, RH %, wall °C), ``shared[0]`` = pressure [hPa]."""
    key = key_of(seed, name)
    b0, b1, b2, b3, _ = gauss5(mix(key))
    battery = 5.05 + 0.03 * b3

    def read(tick: int) -> Values:
        n0, n1, n2, n3, n4 = gauss5(bits(key, tick))
        air, humidity, wall = truth[row]
        values = {
            "temperature_c": round(_within(air + 0.12 * b0 + 0.05 * n0, -30.0, 60.0), 2),
            "humidity_pct": round(_within(humidity + 0.9 * b1 + 0.35 * n1, 0.0, 100.0), 1),
        }
        if probe:
            values["wall_temperature_c"] = round(_within(wall + 0.15 * b2 + 0.06 * n2, -30.0, 60.0), 2)
        values["pressure_hpa"] = round(_within(shared[0] + 0.1 * n3, 800.0, 1100.0), 1)
        values["battery_v"] = round(battery + 0.01 * n4, 2)
        return values

    return read


def road_reader(seed: int, name: str, row: int, truth: list[tuple[float, ...]]) -> Reader:
    """Return the reader of a road sensor.

    ``truth[row]`` = (surface °C, air °C, RH %, subsurface °C, film mm, state, freezing point °C).
    """
    key = key_of(seed, name)
    b0, b1, b2, b3, b4 = gauss5(mix(key))
    battery = 12.6 + 0.2 * b4

    def read(tick: int) -> Values:
        b = bits(key, tick)
        n0, n1, n2, n3, n4 = gauss5(b)
        surface, air, humidity, below, film, state, freezing = truth[row]
        noisy_film = film * (1.0 + 0.08 * n4) if film > 0.004 else 0.0
        return {
            "surface_temperature_c": round(_within(surface + 0.12 * b0 + 0.06 * n0, -50.0, 80.0), 2),
            "air_temperature_c": round(_within(air + 0.10 * b1 + 0.06 * n1, -50.0, 60.0), 2),
            "humidity_pct": round(_within(humidity + 0.8 * b2 + 0.4 * n2, 0.0, 100.0), 1),
            "subsurface_temperature_c": round(_within(below + 0.12 * b3 + 0.04 * n3, -50.0, 80.0), 2),
            "water_film_mm": round(_within(noisy_film, 0.0, 20.0), 2),
            "surface_state": state,
            "freezing_point_c": round(
                _within(freezing + (0.15 * n4 if freezing < 0.0 else 0.0), -40.0, 0.0), 2
            ),
            "battery_v": round(battery + 0.05 * n3, 2),
        }

    return read


def weather_reader(seed: int, name: str, row: int, truth: list[tuple[float, ...]]) -> Reader:
    """Return the reader of a weather station.

    ``truth[row]`` = (air °C, RH %, wind m/s, direction °, pressure hPa, rain mm/h, type, cloud oktas,
    shortwave W/m², longwave W/m²).
    """
    key = key_of(seed, name)
    b0, b1, b2, b3, b4 = gauss5(mix(key))

    def read(tick: int) -> Values:
        b = bits(key, tick)
        n0, n1, n2, n3, n4 = gauss5(b)
        air, humidity, wind, direction, pressure, rain, code, cloud, short, long = truth[row]
        rate = round(_within(rain * (1.0 + 0.1 * n4), 0.0, 500.0), 2)
        return {
            "air_temperature_c": round(_within(air + 0.08 * b0 + 0.05 * n0, -50.0, 60.0), 2),
            "humidity_pct": round(_within(humidity + 0.7 * b1 + 0.3 * n1, 0.0, 100.0), 1),
            "wind_speed_m_s": round(_within(wind * (1.0 + 0.05 * b2 + 0.15 * n2), 0.0, 75.0), 1),
            "wind_direction_deg": float(round(direction + 3.0 * b3 + 8.0 * n3) % 360),
            "pressure_hpa": round(_within(pressure + 0.1 * b4 + 0.05 * n4, 800.0, 1100.0), 1),
            "precipitation_mm_h": rate,
            "precipitation_type": code if rate > 0.0 else 0.0,
            "cloud_oktas": float(round(_within(cloud, 0.0, 8.0))),
            "shortwave_w_m2": float(round(_within(short * (1.0 + 0.01 * n0), 0.0, 1600.0))),
            "longwave_w_m2": float(round(_within(long + 1.5 * n1, 50.0, 700.0))),
        }

    return read


def bin_reader(row: int, sensors: BinSensors, model: BinModel, truth: list[tuple[Floats, float]]) -> Reader:
    """Return the reader of the bin in a row; ``truth[0]`` = (exact distances of all bins mm, temperature °C)."""
    rows = slice(row, row + 1)

    def read(tick: int) -> Values:
        true_mm, air_c = truth[0]
        told = sensors.read(rows, tick, model, true_mm, air_c)
        return {name: values.item() for name, values in told.items()}

    return read


def lorry_reader(seed: int, name: str, state: Callable[[str, float], LorryState]) -> Reader:
    """Return the reader of a bin lorry: a satellite fix within some metres, its scales to 20 kg."""
    key = key_of(seed, name)

    def read(tick: int) -> Values:
        now = state(name, tick / 1000.0)
        n0, n1, n2, n3, n4 = gauss5(bits(key, tick))
        moving = 1.0 if now.speed_m_s > 0.0 else 0.0
        running = now.speed_m_s > 0.0 or now.load_kg > 0.0
        return {
            "latitude_deg": round(now.latitude_deg + 3.0 * n0 / METRES_PER_DEGREE, 6),
            "longitude_deg": round(now.longitude_deg + 5.0 * n1 / METRES_PER_DEGREE, 6),
            "speed_m_s": round(max(0.0, now.speed_m_s + 0.4 * n2 * moving), 1),
            "load_kg": max(0.0, 20.0 * round((now.load_kg + 10.0 * n3) / 20.0)),
            "lifts_n": float(now.lifts),
            "battery_v": round((27.8 if running else 25.4) + 0.1 * n4, 2),
        }

    return read
