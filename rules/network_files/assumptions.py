"""An authority's own assumptions of roads of which a map does not say enough, from TOML."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from cityops.errors import ConfigurationError
from rules.core.network.defaults import NetworkSettings

BY_CLASS = ("two_way_width_m", "one_way_width_m", "sky_view")
ALONE = ("bridge_sky_view", "tunnel_sky_view", "altitude_m")
GRITTER = ("weight_t", "height_m", "width_m")
LIMITS = {
    "weight": (0.0, 100.0),
    "height": (0.0, 10.0),
    "width": (0.0, 100.0),
    "sky": (0.0, 1.0),
    "altitude": (-500.0, 9000.0),
}


def read_assumptions(path: Path, settings: NetworkSettings) -> NetworkSettings:
    """Return the settings with what a file says instead; what it does not name stays.

    ``sky_view``, ``two_way_width_m`` and ``one_way_width_m`` are tables by class (A, B, C, U),
    ``bridge_sky_view``, ``tunnel_sky_view`` and ``altitude_m`` numbers, ``gritter`` a table of what
    one weighs and measures (``weight_t``, ``height_m``, ``width_m``).

    Raises:
        ConfigurationError: naming the field, its value and what is allowed.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"assumptions {path} can't be read: {error}") from error
    allowed = (*BY_CLASS, *ALONE, "gritter")
    unknown = sorted(set(document) - {*allowed})
    if unknown:
        raise ConfigurationError(
            f"assumptions {path}: {unknown[0]!r} is no field; allowed: {', '.join(allowed)}"
        )
    changes: dict[str, Any] = {n: _number(path, n, document[n]) for n in ALONE if n in document}
    changes |= {n: getattr(settings, n) | _table(path, n, document[n]) for n in BY_CLASS if n in document}
    if "gritter" in document:
        changes["gritter"] = replace(settings.gritter, **_gritter(path, document["gritter"]))
    return replace(settings, **changes)


def _gritter(path: Path, value: Any) -> Mapping[str, float]:
    if not isinstance(value, dict) or not set(value) <= set(GRITTER):
        raise ConfigurationError(
            f"assumptions {path}: gritter is {value!r}; allowed: a table with {', '.join(GRITTER)}"
        )
    return {name: _number(path, f"gritter.{name}", v) for name, v in value.items()}


def _table(path: Path, name: str, value: Any) -> Mapping[str, float]:
    if not isinstance(value, dict) or not set(value) <= set("ABCU"):
        raise ConfigurationError(f"assumptions {path}: {name} is {value!r}; allowed: a table with A, B, C, U")
    return {road_class: _number(path, f"{name}.{road_class}", v) for road_class, v in value.items()}


def _number(path: Path, name: str, value: Any) -> float:
    kind = next(k for k in LIMITS if k in name)
    low, high = LIMITS[kind]
    number = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else float("nan")
    if not low <= number <= high or (kind != "altitude" and number <= low):
        least = f"{low:g}" if kind == "altitude" else f"more than {low:g}"
        raise ConfigurationError(f"assumptions {path}: {name} is {value!r}; allowed: {least} to {high:g}")
    return number
