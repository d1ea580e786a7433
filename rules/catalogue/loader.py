"""Read and check a catalogue of rules.

Every error names the file, the field, the value found and what is allowed.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from cityops.errors import ConfigurationError
from rules.core import parameters as p
from rules.core import quality_parameters as q
from rules.core.matrix import TreatmentMatrix

SHIPPED = Path(__file__).parent

FILES: dict[str, tuple[str, Any]] = {
    "damp": ("damp_surface_humidity.toml", p.AlarmRule[p.DampParameters]),
    "transfer": ("winter_transfer.toml", p.Rule[p.TransferParameters]),
    "surface": ("winter_surface.toml", p.Rule[p.SurfaceParameters]),
    "hoar_frost": ("winter_hoar_frost.toml", p.AlarmRule[p.RoadAlarmParameters]),
    "ice": ("winter_ice.toml", p.AlarmRule[p.RoadAlarmParameters]),
    "gritting": ("winter_gritting.toml", p.Rule[p.GrittingParameters]),
    "full": ("bins_full.toml", p.AlarmRule[p.BinParameters]),
    "fire": ("bins_fire.toml", p.AlarmRule[p.FireParameters]),
    "round": ("bins_round.toml", p.Rule[p.RoundParameters]),
    "silent": ("device_silent.toml", p.AlarmRule[p.SilenceParameters]),
    "stuck": ("quality_stuck.toml", p.Rule[q.StuckParameters]),
    "rate": ("quality_rate.toml", p.Rule[q.RateParameters]),
    "drift": ("quality_drift.toml", p.Rule[q.DriftParameters]),
    "battery": ("quality_battery.toml", p.Rule[q.BatteryParameters]),
    "completeness": ("quality_completeness.toml", p.Rule[q.CompletenessParameters]),
    "clock": ("quality_clock.toml", p.Rule[q.ClockParameters]),
}
"""Field of the catalogue: its file and type."""


def load(folder: Path = SHIPPED) -> p.Catalogue:
    """Return the catalogue in ``folder``.

    Raises:
        ConfigurationError: a file is missing, is no TOML, or a field is unknown, missing
            or out of its limits.
    """
    rules = {field: read(folder / name, kind) for field, (name, kind) in FILES.items()}
    gritting = rules["gritting"].parameters
    matrix = read(folder / f"matrix_{gritting.matrix}.toml", TreatmentMatrix)
    for field in ("gritting", "round"):
        _check_zone(folder / FILES[field][0], rules[field].parameters.time_zone)
    return p.Catalogue(matrix=matrix, **rules)


def read(path: Path, kind: Any) -> Any:
    """Return what a file says, as ``kind``; raises ConfigurationError as :func:`load` does."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as e:
        raise ConfigurationError(f"{path} can't be read: {e.strerror}") from e
    except tomllib.TOMLDecodeError as e:
        raise ConfigurationError(f"{path} is no TOML: {e}") from e
    try:
        return msgspec.convert(raw, type=kind)
    except msgspec.ValidationError as e:
        raise ConfigurationError(f"{path}: {_explain(str(e), raw)}") from e


def _explain(message: str, raw: Any) -> str:
    """Turn msgspec's message into one that shows the value found."""
    what, _, where = message.rpartition(" - at `$")
    if not what:
        return message
    field = where.rstrip("`").lstrip(".")
    value = _value_at(raw, field)
    found = "" if value is None else f" = {value!r}"
    return f"{field or 'file'}{found}: {what[0].lower()}{what[1:]}"


def _value_at(raw: Any, field: str) -> Any:
    value = raw
    for part in field.replace("[", ".").replace("]", "").split("."):
        try:
            value = value[int(part)] if isinstance(value, list) else value[part]
        except (KeyError, IndexError, ValueError, TypeError):
            return None
    return value


def _check_zone(path: Path, name: str) -> None:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as e:
        raise ConfigurationError(
            f"{path}: parameters.time_zone = {name!r}: no such time zone, e.g. Europe/London"
        ) from e
