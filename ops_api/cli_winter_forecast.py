"""``cityops winter forecast``: how cold the roads get, by hour."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cityops.errors import ConfigurationError
from ops_api.cli_desk import AsJson
from ops_api.cli_help import examples

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from ops_api.queries.road_forecast import RoadOutlook

EXAMPLES = examples(
    "cityops winter forecast            # the town's coldest stretches",
    "cityops winter forecast route-2",
    "cityops winter forecast seg-0042 --json",
)
NOTHING = 1


def forecast(
    name: Annotated[
        str, typer.Argument(metavar="[SEGMENT|ROUTE]", help="Of which; the whole town without.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Print the newest road forecast by hour: surface temperature, chances, water and hoar, and what it was made by.

    Exit status 1 where there is none yet.
    """
    from ops_api import road_forecast_text

    found, zone = _found(name)
    if found is None:
        typer.echo("null" if as_json else road_forecast_text.NONE)
        raise typer.Exit(NOTHING)
    if as_json:
        typer.echo(_json(found))
        return
    for line in road_forecast_text.forecast_lines(found, name or "the town", zone):
        typer.echo(line)


def _found(name: str) -> tuple[RoadOutlook | None, ZoneInfo]:
    import asyncio
    from zoneinfo import ZoneInfo

    from cityops.settings import load_settings
    from ops_api.queries.road_forecast import outlook, segments_of
    from ops_api.wiring_forecasts import reading

    settings = load_settings()

    async def run() -> RoadOutlook | None:
        async with reading(settings) as (db, now):
            segments = await segments_of(db, name) if name else None
            if name and segments is None:
                raise ConfigurationError(f"{name!r} is no segment and no route with roads")
            return await outlook(db, now, segments)

    return asyncio.run(run()), ZoneInfo(settings.api.time_zone)


def _json(found: RoadOutlook) -> str:
    import msgspec

    whole = {**found.issue, "age_s": found.age_s, "now": found.now, "hours": found.hours}
    return msgspec.json.format(msgspec.json.encode(whole), indent=2).decode()
