"""Read and check a catalogue of rules.

Every error names the file, its line, the field, the value found and what is allowed.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from cityops.errors import ConfigurationError
from rules.catalogue.faults import Fault, Parsed, fault_at, parse_file
from rules.core import bin_trouble_parameters as b
from rules.core import damp_parameters as d
from rules.core import parameters as p
from rules.core import quality_parameters as q
from rules.core.bin_outlook_parameters import OutlookParameters
from rules.core.damp_advice.parameters import AdviceParameters
from rules.core.damp_cause.parameters import CauseParameters
from rules.core.matrix import TreatmentMatrix
from rules.core.matrix_check import errors_of
from rules.core.moisture_events.parameters import MoistureParameters

SHIPPED = Path(__file__).parent

FILES: dict[str, tuple[str, Any]] = {
    "damp": ("damp_surface_humidity.toml", p.AlarmRule[p.DampParameters]),
    "transfer": ("winter_transfer.toml", p.Rule[p.TransferParameters]),
    "surface": ("winter_surface.toml", p.Rule[p.SurfaceParameters]),
    "hoar_frost": ("winter_hoar_frost.toml", p.AlarmRule[p.RoadAlarmParameters]),
    "ice": ("winter_ice.toml", p.AlarmRule[p.RoadAlarmParameters]),
    "gritting": ("winter_gritting.toml", p.Rule[p.GrittingParameters]),
    "forecast": ("winter_forecast_stale.toml", p.AlarmRule[p.ForecastParameters]),
    "full": ("bins_full.toml", p.AlarmRule[p.BinParameters]),
    "fire": ("bins_fire.toml", p.AlarmRule[p.FireParameters]),
    "tilted": ("bins_tilted.toml", p.AlarmRule[b.TiltedParameters]),
    "blocked": ("bins_blocked.toml", p.AlarmRule[b.BlockedParameters]),
    "not_emptied": ("bins_not_emptied.toml", p.AlarmRule[b.NotEmptiedParameters]),
    "contaminated": ("bins_contaminated.toml", p.AlarmRule[b.ContaminatedParameters]),
    "overflow": ("bins_overflow.toml", p.Rule[b.OverflowParameters]),
    "round": ("bins_round.toml", p.Rule[p.RoundParameters]),
    "outlook": ("bins_forecast.toml", p.Rule[OutlookParameters]),
    "silent": ("device_silent.toml", p.AlarmRule[p.SilenceParameters]),
    "stuck": ("quality_stuck.toml", p.Rule[q.StuckParameters]),
    "rate": ("quality_rate.toml", p.Rule[q.RateParameters]),
    "drift": ("quality_drift.toml", p.Rule[q.DriftParameters]),
    "battery": ("quality_battery.toml", p.Rule[q.BatteryParameters]),
    "completeness": ("quality_completeness.toml", p.Rule[q.CompletenessParameters]),
    "clock": ("quality_clock.toml", p.Rule[q.ClockParameters]),
    "damp_band": ("damp_surface_band.toml", p.Rule[d.BandParameters]),
    "damp_mould": ("damp_mould.toml", p.Rule[d.MouldParameters]),
    "damp_events": ("damp_moisture_events.toml", p.Rule[MoistureParameters]),
    "damp_cause": ("damp_cause.toml", p.Rule[CauseParameters]),
    "damp_advice": ("damp_advice.toml", p.Rule[AdviceParameters]),
    "damp_sensor": ("damp_sensor.toml", p.Rule[d.SensorParameters]),
}
"""Field of the catalogue: its file and type."""

Files = Mapping[str, str]
"""A catalogue as text: the names of its files and what is in them."""

NEEDED = (*(name for name, _ in FILES.values()), "escalation_default.toml", "device_quarantined.toml")
"""Files without which a catalogue can't be used, and a rule of the watch that came after its others: they go on as promoted."""


def load(folder: Path = SHIPPED) -> p.Catalogue:
    """Return the catalogue in ``folder``.

    Raises:
        ConfigurationError: a file is missing, is no TOML, or a field is unknown, missing
            or out of its limits. The first error is told; ``cityops rules check`` tells all.
    """
    return parse(read_files(folder), str(folder))


def read_files(folder: Path = SHIPPED) -> dict[str, str]:
    """Return the texts of the catalogue's files, by name.

    Raises:
        ConfigurationError: there is no such folder, or a file can't be read.
    """
    if not folder.is_dir():
        raise ConfigurationError(f"{folder}: no such folder; a catalogue is a folder of TOML files")
    found = {}
    for path in sorted(folder.glob("*.toml")):
        try:
            found[path.name] = path.read_text(encoding="utf-8")
        except OSError as e:
            raise ConfigurationError(f"{path} can't be read: {e.strerror}") from e
        except UnicodeDecodeError as e:
            raise ConfigurationError(f"{path} is no UTF-8 text: {e.reason} at byte {e.start}") from e
    return found


def completed(files: Files, shipped: Files) -> dict[str, str]:
    """Return a catalogue with the shipped file of every rule that it does not know yet.

    For catalogues that were stored by an older version of the software: a rule that a newer one
    brings must not stop the others.
    """
    return {**{name: shipped[name] for name in NEEDED if name in shipped}, **files}


def sha256_of(files: Files) -> str:
    """Return what identifies a catalogue: a hash of names and texts."""
    return hashlib.sha256(msgspec.json.encode(sorted(files.items()))).hexdigest()


def parse(files: Files, where: str) -> p.Catalogue:
    """Return the catalogue in ``files``; ``where`` is named in errors.

    Raises:
        ConfigurationError: as of :func:`load`.
    """
    catalogue, faults = examine(files)
    if catalogue is None:
        raise ConfigurationError(f"{where}/{faults[0]}")
    return catalogue


def examine(files: Files) -> tuple[p.Catalogue | None, tuple[Fault, ...]]:
    """Return the catalogue, or None and everything that is wrong with it."""
    return _examined(tuple(sorted(files.items())))


@lru_cache(maxsize=4)
def _examined(texts: tuple[tuple[str, str], ...]) -> tuple[p.Catalogue | None, tuple[Fault, ...]]:
    """As :func:`examine`; whoever asks for the same texts has the same catalogue, which nobody changes.

    Reading thirty files of TOML takes seven milliseconds, and each part of a starting website asks for them.
    """
    files = dict(texts)
    rules: dict[str, Any] = {}
    faults: list[Fault] = []
    for field, (name, kind) in FILES.items():
        parsed = _read(files, name, kind)
        rules[field] = parsed.value
        faults += parsed.faults
    faults += [f for field in ("gritting", "round") for f in _zone_faults(files, field, rules[field])]
    matrix = _matrix(files, rules["gritting"])
    faults += matrix.faults
    if faults:
        return None, tuple(faults)
    return p.Catalogue(matrix=matrix.value, **rules), ()


def _read(files: Files, name: str, kind: Any) -> Parsed:
    if name not in files:
        return Parsed(None, (Fault(name, 0, "can't be read: No such file or directory"),))
    return parse_file(name, files[name], kind, shipped_value(name))


@cache
def shipped_value(name: str) -> Any:
    """Return a shipped file as plain data; None where none of this name is shipped."""
    path = SHIPPED / name
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def _matrix(files: Files, gritting: p.Rule[p.GrittingParameters] | None) -> Parsed:
    """Return the matrix that the gritting rule names; of one that can't be read, the shipped name's."""
    asked = "scottish_2010" if gritting is None else gritting.parameters.matrix
    name = f"matrix_{asked}.toml"
    if name in files or gritting is None:
        return read_matrix(files, name) if name in files else Parsed(None, ())
    there = ", ".join(sorted(f[7:-5] for f in files if f.startswith("matrix_"))) or "none"
    file = FILES["gritting"][0]
    says = f"there is no file {name}; matrices here: {there}"
    return Parsed(None, (fault_at(file, files[file], ("parameters", "matrix"), says),))


def read_matrix(files: Files, name: str) -> Parsed:
    """Return a matrix; rows that contradict each other are faults of it."""
    parsed = _read(files, name, TreatmentMatrix)
    if parsed.value is None:
        return parsed
    found = errors_of(parsed.value.rows)
    faults = tuple(fault_at(name, files[name], ("rows", f.row or 0, "condition"), f.text) for f in found)
    return Parsed(None if faults else parsed.value, faults)


def _zone_faults(files: Files, field: str, rule: Any) -> list[Fault]:
    if rule is None:
        return []
    try:
        ZoneInfo(rule.parameters.time_zone)
    except (KeyError, ValueError, OSError):
        file = FILES[field][0]
        path = ("parameters", "time_zone")
        return [fault_at(file, files[file], path, "no such time zone, e.g. Europe/London")]
    return []
