"""``cityops forecast``: weather forecasts from files, what is kept of them; and the simulated town's as a file."""

from __future__ import annotations

import json
import math
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from cityops.errors import ConfigurationError
from ops_api.cli_desk import AsJson, By, name_of, through
from ops_api.cli_help import examples, group

if TYPE_CHECKING:
    from cityops.runtime.stop import Stop
    from cityops.settings import Settings
    from ops_api.wiring_forecasts import ForecastDoor
    from rules.winter.weather.formats.given import Given
    from rules.winter.weather.inbox import Inbox
    from rules.winter.weather.ports import WeatherForecasts

app = group("Weather forecasts: import files, list and show what is kept, watch a folder.")

FormatName = Literal["json", "csv", "metro", "datahub", "open-meteo"]
Form = Annotated[
    FormatName | None, typer.Option("--format", help="Of the file; without: told from its content.")
]
PlaceName = Annotated[
    str | None, typer.Option("--place", help="The place's name, where the file's is not wanted.")
]
Latitude = Annotated[
    float | None, typer.Option(min=-90, max=90, help="Where it is for, where the file does not say [deg].")
]
Longitude = Annotated[float | None, typer.Option(min=-180, max=180, help="Likewise [deg].")]
Altitude = Annotated[float | None, typer.Option(min=-500, max=9000, help="Likewise [m].")]
Source = Annotated[str | None, typer.Option(help="Who made it, where the format's name does not say.")]
Issued = Annotated[
    str | None, typer.Option(metavar="TIME", help="When it was given out, e.g. 2026-01-09T15:00Z.")
]


@app.command(
    "import",
    epilog=examples(
        "cityops forecast import tonight.json",
        "cityops forecast import forecast.xml                        # METRo, with its station.xml beside it",
        "cityops forecast import forecast.xml --latitude 52.1 --longitude -1.05 --place Ourtown",
        "cityops forecast import open-meteo.json --issued 2026-01-09T12:00Z",
    ),
)
def import_files(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Files of one format or several.")],
    form: Form = None,
    place: PlaceName = None,
    latitude: Latitude = None,
    longitude: Longitude = None,
    altitude: Altitude = None,
    source: Source = None,
    issued: Issued = None,
    by: By = "",
    as_json: AsJson = False,
) -> None:
    """Read forecast files and keep what they say; the same forecast is kept once.

    All files are read before anything is kept: one that is wrong stops the command.
    """
    from ops_api.forecast_text import added_lines
    from rules.winter.weather.files import read_file

    given = _given(place, latitude, longitude, altitude, source, issued)
    forecasts = [f for path in files for f in read_file(path, given, form)]

    async def keep(door: ForecastDoor) -> Any:
        return await door.store.add(forecasts, name_of(by)), door.zone

    added, zone = _with_forecasts(keep)
    if as_json:
        typer.echo(json.dumps([{"forecast_id": a.forecast_id, "is_new": a.is_new} for a in added], indent=2))
        return
    typer.echo("\n".join(added_lines(forecasts, added, zone)))


@app.command("list", epilog=examples("cityops forecast list", "cityops forecast list --place Ourtown --json"))
def list_forecasts(
    place: Annotated[str | None, typer.Option("--place", help="Only of this place.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Forecasts to list.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List forecasts, the last received first."""
    from ops_api.forecast_text import list_lines, none_of
    from rules.winter.weather.formats.own_json import utc

    async def look(door: ForecastDoor) -> Any:
        found = await door.store.listed(place, limit)
        every = () if found or place is None else await door.store.newest(math.inf)
        return found, sorted({k.forecast.place.name for k in every}), door.zone

    listed, places, zone = _with_forecasts(look)
    if not as_json and not listed and place is not None:
        typer.echo(none_of(place, places))
        return
    if not as_json:
        typer.echo("\n".join(list_lines(listed, zone)))
        return
    times = {"issued_at": "issued_s", "from": "from_s", "to": "to_s", "received_at": "received_s"}
    rows = [
        {"forecast_id": x.forecast_id, "place": x.place, "source": x.source, "by": x.by}
        | {name: utc(getattr(x, field)) for name, field in times.items()}
        for x in listed
    ]
    typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))


@app.command(
    epilog=examples(
        "cityops forecast show 12", "cityops forecast show 12 --json > again.json   # can be imported"
    )
)
def show(
    forecast_id: Annotated[
        int, typer.Argument(min=1, max=2**63 - 1, metavar="ID", help="From `cityops forecast list`.")
    ],
    as_json: AsJson = False,
) -> None:
    """Print what a forecast says, hour by hour."""
    from ops_api.forecast_text import show_lines
    from rules.winter.weather.formats.own_json import write

    async def look(door: ForecastDoor) -> Any:
        kept = await door.store.by_id(forecast_id)
        if kept is None:
            raise ConfigurationError(
                f"there is no forecast {forecast_id}; `cityops forecast list` has their numbers"
            )
        return kept, door.zone

    kept, zone = _with_forecasts(look)
    typer.echo(write(kept.forecast).decode() if as_json else "\n".join(show_lines(kept, zone)))


@app.command(
    epilog=examples(
        "cityops forecast watch /srv/forecasts              # until it is stopped",
        "cityops forecast watch /srv/forecasts --once       # for a timer of the system",
    )
)
def watch(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where files are put; they stay there.")],
    every_s: Annotated[
        float, typer.Option("--every", min=1, max=86_400, help="Seconds between looks.")
    ] = 30.0,
    once: Annotated[bool, typer.Option("--once", help="Look once and end; 1 where a file is wrong.")] = False,
    form: Form = None,
    place: PlaceName = None,
    latitude: Latitude = None,
    longitude: Longitude = None,
    altitude: Altitude = None,
    source: Source = None,
    by: By = "",
) -> None:
    """Import each file that is put into a folder, once it no longer changes.

    A wrong file is told of and does not hold up others. Files whose names begin with a dot or end in .part or .tmp are
    left alone.
    """
    from rules.winter.weather.inbox import Inbox as Folder

    given = _given(place, latitude, longitude, altitude, source, None)

    def inbox_on(store: WeatherForecasts) -> Inbox:
        return Folder(folder, store, name_of(by), given, form)

    if once:
        _look_once(inbox_on)
    else:
        _follow(inbox_on, every_s)


@app.command(epilog=examples("cityops forecast schema > weather-forecast.schema.json"))
def schema() -> None:
    """Print the JSON Schema of our own forecast files (docs/weather-forecasts.md)."""
    from rules.winter.weather.formats import own_json

    typer.echo(json.dumps(own_json.schema(), indent=2, ensure_ascii=False))


def sim_forecast(
    at: Annotated[
        str | None, typer.Option(metavar="TIME", help="Issue by this time; else by the scenario's start.")
    ] = None,
    scenario: Annotated[
        str | None, typer.Option(help="Name from `cityops sim list`, or a TOML file.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of everything random.")] = None,
) -> None:
    """Write the simulated town's weather forecast, as a file that `cityops forecast import` takes.

    Its errors grow with the hours ahead; the scenario starts when it last fitted in before now.
    """
    from datetime import UTC, datetime

    from cityops.settings import load_settings
    from firmware_sim.scenario import latest_start, load_scenario
    from firmware_sim.world.forecast import EVERY_S
    from ops_api.wiring_forecasts import town_forecaster
    from ops_api.wiring_sim import town_of

    chosen = {name: v for name, v in {"scenario": scenario, "seed": seed}.items() if v is not None}
    settings = load_settings(**({"sim": chosen} if chosen else {}))
    start = latest_start(load_scenario(settings.sim.scenario), datetime.now(UTC))
    by_s = start.timestamp() if at is None else _time_s(at, "--at")
    forecaster = town_forecaster(settings, town_of(settings, start), start.timestamp())
    typer.echo(json.dumps(forecaster.document(by_s // EVERY_S * EVERY_S), indent=1))


SIM_EXAMPLES = examples("cityops sim forecast > tonight.json && cityops forecast import tonight.json")


def _look_once(inbox_on: Callable[[WeatherForecasts], Inbox]) -> None:
    from ops_api.forecast_text import added_lines
    from ops_api.terminal_text import escaped

    async def look(door: ForecastDoor) -> Any:
        return await inbox_on(door.store).look(settled=True), door.zone

    found, zone = _with_forecasts(look)
    for taken in found:
        lines = [taken.wrong] if taken.wrong else added_lines(taken.forecasts, taken.added, zone)
        for line in lines:
            typer.echo(escaped(line), err=bool(taken.wrong))
    if any(taken.wrong for taken in found):
        raise typer.Exit(1)


def _follow(inbox_on: Callable[[WeatherForecasts], Inbox], every_s: float) -> None:
    from ops_api.cli_run import serve
    from ops_api.wiring_forecasts import follow, watching

    async def run(settings: Settings, stop: Stop) -> None:
        async with watching(settings) as store:
            await follow(inbox_on(store), stop.event, every_s)

    serve(run)


def _given(
    place: str | None,
    latitude: float | None,
    longitude: float | None,
    altitude: float | None,
    source: str | None,
    issued: str | None,
) -> Given:
    from rules.winter.weather.formats.given import Given

    return Given(
        place=place,
        latitude_deg=latitude,
        longitude_deg=longitude,
        altitude_m=altitude,
        source=source,
        issued_s=None if issued is None else _time_s(issued, "--issued"),
    )


def _time_s(text: str, name: str) -> float:
    from rules.core.weather_forecast import ForecastError
    from rules.winter.weather.formats.given import time_s

    try:
        return time_s(text, name)
    except ForecastError as error:
        raise ConfigurationError(str(error)) from None


def _with_forecasts(work: Callable[[ForecastDoor], Awaitable[Any]]) -> Any:
    from ops_api.wiring_forecasts import forecasts_of

    return through(forecasts_of, work)
