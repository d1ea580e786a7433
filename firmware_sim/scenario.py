"""Scenarios: reading, checking and dating them.

A scenario is a TOML file in ``firmware_sim/scenarios`` (or anywhere); what it may say is
declared in :mod:`firmware_sim.world.script`.
"""

from __future__ import annotations

import re
import tomllib
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from cityops.errors import ConfigurationError
from devices.contract.kind import discover
from firmware_sim.world.bin_profiles import LITRES_PER_DAY
from firmware_sim.world.faults import SENTINELS
from firmware_sim.world.script import Bins, Fault, Scenario

FOLDER = Path(__file__).parent / "scenarios"
OF_BINS = ("blocked", "contaminated", "not_out")
TOWN_ZONE = ZoneInfo("Europe/London")

_PATH = re.compile(r"^(?P<what>.*) - at `\$(?P<path>[^`]*)`$", re.DOTALL)
_STEP = re.compile(r"\.([A-Za-z_][\w.]*?)(?=\.|\[|$)|\[(\d+|\.\.\.)\]")


def scenario_names() -> tuple[str, ...]:
    """Return the names of the scenarios that come with the product."""
    return tuple(sorted(p.stem for p in FOLDER.glob("*.toml")))


def load_scenario(name_or_path: str | Path) -> Scenario:
    """Return a scenario by name, or from a TOML file.

    Raises:
        ConfigurationError: no such scenario, or a field that is wrong: its name, value and what
            is allowed.
    """
    path = Path(name_or_path)
    if path.suffix != ".toml":
        path = FOLDER / f"{name_or_path}.toml"
        if not path.is_file():
            raise ConfigurationError(
                f"scenario {str(name_or_path)!r} does not exist; there are {', '.join(scenario_names())}, "
                "or give the path of a .toml file"
            )
    try:
        return parse_scenario(path.read_text(encoding="utf-8"), source=str(path))
    except OSError as e:
        raise ConfigurationError(f"scenario {path} can't be read: {e.strerror}") from e


def parse_scenario(text: str, source: str = "scenario") -> Scenario:
    """Return the scenario in a TOML text; errors as in :func:`load_scenario`."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as e:
        raise ConfigurationError(f"{source} is not TOML: {e}") from e
    try:
        scenario = msgspec.convert(raw, Scenario)
    except msgspec.ValidationError as e:
        raise ConfigurationError(f"{source}: {_explain(str(e), raw)}") from e
    for number, fault in enumerate(scenario.faults):
        check_fault(fault, f"{source}: faults[{number}]")
    _check_bins(scenario.bins, source)
    return scenario


def _check_bins(bins: Bins, source: str) -> None:
    ranges = {
        "start_fill_pct": bins.start_fill_pct,
        "nearly_full_pct": bins.nearly_full_pct,
        "quantum_mm": bins.quantum_mm,
    }
    for name, (low, high) in ranges.items():
        if low > high:
            raise ConfigurationError(
                f"{source}: bins.{name} is [{low:g}, {high:g}]; the first must not be larger"
            )
    for number, occasion in enumerate(bins.occasions):
        where = f"{source}: bins.occasions[{number}]"
        if occasion.place and occasion.place not in LITRES_PER_DAY:
            raise ConfigurationError(
                f"{where}.place is {occasion.place!r}; allowed are {', '.join(LITRES_PER_DAY)}"
            )
        if occasion.to_hour <= occasion.from_hour:
            raise ConfigurationError(
                f"{where}.to_hour is {occasion.to_hour:g}; it must be later than from_hour {occasion.from_hour:g}"
            )


def _explain(message: str, raw: Any) -> str:
    """Say which value is wrong: msgspec names the place but not what stands there."""
    match = _PATH.match(message)
    if match is None:
        return message
    path = match["path"].lstrip(".")
    found: Any = raw
    for key, index in _STEP.findall(match["path"]):
        try:
            found = found[key] if key else found[int(index)]
        except (KeyError, IndexError, ValueError, TypeError):
            return f"{path}: {match['what']}"
    return f"{path} is {found!r}: {match['what']}"


def check_fault(fault: Fault, where: str) -> None:
    """Refuse a fault that concerns nobody or whose fields do not go together.

    Raises:
        ConfigurationError: naming the field after ``where``, its value and what is allowed.
    """
    if not fault.devices and not fault.kind:
        raise ConfigurationError(f"{where} concerns nobody: give devices, or kind with share or count")
    if fault.kind and not fault.devices and fault.share == 0.0 and fault.count == 0:
        raise ConfigurationError(
            f"{where}.count is 0: give how many {fault.kind} devices (count) or which share"
        )
    if fault.fault in OF_BINS and fault.kind not in ("", "bin"):
        raise ConfigurationError(f'{where}.kind is {fault.kind!r}; only bins are {fault.fault}: give "bin"')
    if fault.to_hour <= fault.from_hour:
        raise ConfigurationError(
            f"{where}.to_hour is {fault.to_hour:g}; it must be later than from_hour {fault.from_hour:g}"
        )
    fields = {f.name for kind in discover().values() if fault.kind in ("", kind.name) for f in kind.fields}
    if fault.field and fault.field not in fields:
        raise ConfigurationError(f"{where}.field is {fault.field!r}; allowed are {', '.join(sorted(fields))}")
    if fault.fault == "sentinel" and fault.value is None and fault.field and fault.field not in SENTINELS:
        raise ConfigurationError(f"{where}.value is missing: {fault.field} has no usual sentinel, give one")


def latest_start(scenario: Scenario, now: datetime) -> datetime:
    """Return the last time [UTC offset as in the town] at which the scenario could have started and be over by ``now``.

    It begins at the scenario's local time of day; a scenario with a weekday of its own does
    not look for that weekday: the world is told.

    Raises:
        ConfigurationError: ``now`` without time zone.
    """
    if now.tzinfo is None:
        raise ConfigurationError(f"now is {now}; give an aware datetime")
    hours, minutes = (int(part) for part in scenario.start_local.split(":"))
    length = timedelta(hours=scenario.duration_h)
    day = (now - length).astimezone(TOWN_ZONE).date()
    start = datetime.combine(day, time(hours, minutes), tzinfo=TOWN_ZONE)
    if start + length > now:
        start = datetime.combine(day - timedelta(days=1), time(hours, minutes), tzinfo=TOWN_ZONE)
    return start
