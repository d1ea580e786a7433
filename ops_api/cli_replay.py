"""``cityops replay``: any CSV or TSV through the whole chain."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta, tzinfo
from datetime import timezone as FixedZone  # noqa: N812 (the option has the plain name)
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from cityops.errors import ConfigurationError
from ops_api.cli_help import examples

if TYPE_CHECKING:
    from cityops.settings import Settings
    from firmware_sim.replay.player import Track
    from ops_api.replay import ReplayPlan

EXAMPLES = examples(
    "cityops replay room.csv --kind frog --device room-1 --map 'ts=date,temperature_c=T,humidity_pct=RH'",
    "cityops replay road.tsv --kind road --device road-7 --map 'ts=time,surface_temperature_c=RST:F' \\",
    "    --timezone Europe/London --missing -99 --speed 600",
    "cityops replay bins.csv --kind bin --device 'bin-{serial}' --map 'ts=when,distance_mm=cm:cm' --port 8080",
)
_OFFSET = re.compile(r"^([+-])(\d\d):?(\d\d)$")


def replay(
    file: Annotated[Path, typer.Argument(help="CSV or TSV with a header, may be gzip-compressed.")],
    kind: Annotated[
        list[str], typer.Option(help="Kind of device, see `cityops kinds`. Repeat for more devices.")
    ],
    device: Annotated[list[str], typer.Option(help="Its name, or a template: bin-{serialNumber}.")],
    column_map: Annotated[
        list[str], typer.Option("--map", help="ts=COLUMN,FIELD=COLUMN[:UNIT],... ; #3 is the third column.")
    ],
    missing: Annotated[
        list[str] | None, typer.Option(help="Value that means none, e.g. -99. Repeatable.")
    ] = None,
    timezone: Annotated[
        str, typer.Option(help="Zone of times without one: Europe/London, UTC, +01:00.")
    ] = "UTC",
    time_format: Annotated[
        str | None, typer.Option(help="strptime format, where ISO 8601 is not used.")
    ] = None,
    delimiter: Annotated[
        str | None, typer.Option(help="Column separator (one character), where it is not found out.")
    ] = None,
    speed: Annotated[
        float | None, typer.Option(min=0.001, help="Seconds of the file per second; else at once.")
    ] = None,
    again: Annotated[str, typer.Option(help="Any word: store the same file once more.")] = "",
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Show the pages there afterwards, until Ctrl-C.")
    ] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Where a stack of our own keeps its data.")] = None,
) -> None:
    """Play FILE through MQTT as one or more devices.

    Every row is published; what the server refuses is in the dead letters with its reason. Goes to the configured
    database and broker (CITYOPS_DB__DSN, CITYOPS_MQTT__...), else to a stack of its own. Playing the same file twice
    stores it once.
    """
    from cityops.settings import load_settings
    from ops_api.cli_demo import printer, run
    from ops_api.replay import run_replay

    settings = load_settings(**({} if data_dir is None else {"data_dir": data_dir}))
    asked = Asked(kind, device, column_map, tuple(missing or ()), timezone, time_format)
    plan = plan_of(settings, file, delimiter, asked, speed, again, port)
    raise typer.Exit(run(lambda stop: run_replay(plan, settings, printer(), stop)))


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line says of the devices to play."""

    kinds: Sequence[str]
    devices: Sequence[str]
    maps: Sequence[str]
    missing: Sequence[str]
    timezone: str
    time_format: str | None


def plan_of(
    settings: Settings,
    file: Path,
    delimiter: str | None,
    asked: Asked,
    speed: float | None,
    again: str,
    port: int | None,
) -> ReplayPlan:
    """Return the plan that the options describe.

    Raises:
        ConfigurationError: naming the option that is wrong and what is allowed.
    """
    from firmware_sim.replay.table import Table
    from ops_api.replay import ReplayPlan

    salt = "|".join([*asked.kinds, *asked.devices, *asked.maps, again])
    return ReplayPlan(Table(file, delimiter), tracks_of(settings, asked), salt, speed, port)


def tracks_of(settings: Settings, asked: Asked) -> list[Track]:
    """Return a track for each --kind, --device and --map that belong together."""
    from firmware_sim.replay.mapping import parse_mapping
    from firmware_sim.replay.player import Track
    from firmware_sim.replay.rows import NO_VALUE, RowReader
    from ops_api.wiring import kinds_of

    if not len(asked.kinds) == len(asked.devices) == len(asked.maps):
        raise ConfigurationError(
            f"--kind, --device and --map belong together: give each as often as the others "
            f"(there are {len(asked.kinds)}, {len(asked.devices)} and {len(asked.maps)})"
        )
    known = kinds_of(settings)
    tracks = []
    for kind, device, column_map in zip(asked.kinds, asked.devices, asked.maps, strict=True):
        if kind not in known:
            raise ConfigurationError(f"--kind {kind!r} is unknown; known: {', '.join(known)}")
        mapping = parse_mapping(column_map, known[kind])
        missing = (*NO_VALUE, *asked.missing)
        tracks.append(
            Track(known[kind], RowReader(mapping, device, zone(asked.timezone), missing, asked.time_format))
        )
    return tracks


def zone(text: str) -> tzinfo:
    """Return the time zone that ``text`` names, by IANA name or as ``+01:00``.

    Raises:
        ConfigurationError: no such zone.
    """
    offset = _OFFSET.match(text)
    try:
        if offset is None:
            return ZoneInfo(text)
        sign = -1 if offset[1] == "-" else 1
        return FixedZone(sign * timedelta(hours=int(offset[2]), minutes=int(offset[3])))
    except (ZoneInfoNotFoundError, ValueError, OSError) as e:
        raise ConfigurationError(
            f"--timezone {text!r} is unknown; give an IANA name such as Europe/London, or +01:00"
        ) from e
