"""Writes ``[[sensors]]`` for what a scan found, ready to paste. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from devices.agent.sensor_sections import DRIVERS, Ds18b20Section, Section
from devices.contract.kind import Kind
from devices.drivers.scan import Found


def section_of(found: Found, bus: str | None = None) -> Section:
    """Return the section for something found, behind ``bus`` where it is not this machine's."""
    settings = {**found.settings, **({"bus": bus} if bus is not None else {})}
    return msgspec.convert(settings, DRIVERS[found.driver])


def toml_of(found: Sequence[Found], kind: Kind, bus: str | None = None) -> str:
    """Return sections for a device of ``kind``.

    The first that measures a field has it; a later one leaves it out, or is a comment where nothing is left.
    """
    taken: set[str] = set()
    parts = [_part(item, kind, bus, taken) for item in found if item.driver]
    return "\n".join(parts)


def _part(found: Found, kind: Kind, bus: str | None, taken: set[str]) -> str:
    section = section_of(found, bus)
    lines = [f"# {found.where}: {found.what}", "[[sensors]]", f'driver = "{found.driver}"']
    settings = {**found.settings, **({"bus": bus} if bus is not None else {})}
    lines += [f"{key} = {_value(key, value)}" for key, value in settings.items()]
    if isinstance(section, Ds18b20Section):
        field = next((f for f in _probe_fields(kind) if f not in taken), "")
        mine, left_out = [field] if field else [], []
        lines += [f'field = "{field}"']
    else:
        firsts = {value: [f for f in section.GIVES[value] if f in kind.by_name] for value in section.GIVES}
        free = {value: next((f for f in fields if f not in taken), "") for value, fields in firsts.items()}
        mine = [field for field in free.values() if field]
        left_out = [value for value, fields in firsts.items() if fields and free[value] != fields[0]]
        if left_out:
            lines.append("fields = { " + ", ".join(f'{value} = "{free[value]}"' for value in left_out) + " }")
    taken.update(mine)
    if not mine:
        lines = [lines[0], f"# left out: nothing that it measures is still free of kind {kind.name}"]
    return "\n".join(lines) + "\n"


def _probe_fields(kind: Kind) -> list[str]:
    wanted = ("wall_temperature_c", "subsurface_temperature_c", "surface_temperature_c", "temperature_c")
    return [field for field in wanted if field in kind.by_name]


def _value(key: str, value: str | int) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    return f"0x{value:02x}" if key == "address" else str(value)
