"""Which board shows which measured quantity, and in which unit.

Units and names come from the kinds' declarations, so that a board can't call a
field something else than the device does. A field that no board shows says why.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from devices.contract.kind import Field, Kind, discover

SHOWN: Mapping[str, tuple[tuple[str, str], ...]] = MappingProxyType(
    {
        "cityops-city": (
            ("road", "surface_temperature_c"),
            ("weather", "air_temperature_c"),
        ),
        "cityops-homes": (
            ("frog", "temperature_c"),
            ("frog", "humidity_pct"),
        ),
        "cityops-winter": (
            ("road", "surface_temperature_c"),
            ("road", "air_temperature_c"),
            ("road", "humidity_pct"),
            ("road", "water_film_mm"),
            ("road", "surface_state"),
            ("weather", "air_temperature_c"),
            ("weather", "humidity_pct"),
            ("weather", "wind_speed_m_s"),
            ("weather", "precipitation_mm_h"),
            ("weather", "cloud_oktas"),
            ("gritter", "latitude_deg"),
            ("gritter", "longitude_deg"),
            ("gritter", "speed_m_s"),
            ("gritter", "spread_rate_g_m2"),
            ("gritter", "salt_remaining_kg"),
        ),
        "cityops-bins": (
            ("bin", "temperature_c"),
            ("bin", "battery_pct"),
            ("lorry", "latitude_deg"),
            ("lorry", "longitude_deg"),
            ("lorry", "speed_m_s"),
            ("lorry", "load_kg"),
            ("lorry", "lifts_n"),
        ),
        "cityops-fleet": (
            ("road", "battery_v"),
            ("bin", "battery_v"),
            ("bin", "battery_pct"),
        ),
    }
)
"""Fields by the uid of the board that shows them."""

_RULES_INPUT = "an input of the rules; the board shows what they make of it"
_DETAIL = "wanted for one device at a time: the web pages and the API show it"

NOT_SHOWN: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("bin", "distance_mm"): _RULES_INPUT,
        ("bin", "fill_pct"): _RULES_INPUT,
        ("bin", "tilt_deg"): _DETAIL,
        ("frog", "wall_temperature_c"): _RULES_INPUT,
        ("frog", "pressure_hpa"): _DETAIL,
        ("frog", "battery_v"): "readings of homes are closed to the dashboards' role",
        ("gritter", "surface_temperature_c"): _DETAIL,
        ("gritter", "air_temperature_c"): _DETAIL,
        ("gritter", "spread_width_m"): _DETAIL,
        ("lorry", "battery_v"): _DETAIL,
        ("road", "subsurface_temperature_c"): _DETAIL,
        ("road", "freezing_point_c"): _RULES_INPUT,
        ("road_surface", "surface_temperature_c"): _DETAIL,
        ("road_surface", "subsurface_temperature_c"): _DETAIL,
        ("road_surface", "battery_pct"): _DETAIL,
        ("road_surface", "battery_v"): _DETAIL,
        ("weather", "wind_direction_deg"): _DETAIL,
        ("weather", "pressure_hpa"): _DETAIL,
        ("weather", "precipitation_type"): _DETAIL,
        ("weather", "shortwave_w_m2"): _RULES_INPUT,
        ("weather", "longwave_w_m2"): _RULES_INPUT,
    }
)


@lru_cache(maxsize=1)
def kinds() -> Mapping[str, Kind]:
    """Return the kinds that ship with cityops."""
    return discover()


def field(kind: str, name: str) -> Field:
    """Return a field's declaration; KeyError names what does not exist."""
    return kinds()[kind].by_name[name]


def unit(kind: str, name: str) -> str:
    """Return Grafana's unit id of a field, e.g. ``celsius``."""
    return field(kind, name).quantity.grafana


def title(kind: str, name: str) -> str:
    """Return a field's name for a person."""
    return field(kind, name).title


CELSIUS = unit("road", "surface_temperature_c")
HUMIDITY = unit("frog", "humidity_pct")
PERCENT = unit("bin", "battery_pct")
