"""``cityops winter hindcast``: what the rules would have proposed in a past winter, beside what was done."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cityops.errors import ConfigurationError
from ops_api.cli_help import examples

if TYPE_CHECKING:
    from rules.winter.hindcast.run import Settings

EXAMPLES = examples(
    "cityops winter hindcast meteorology_2010H2.txt --from 2010-12-01 --to 2010-12-30",
    "cityops winter hindcast meteorology_2010H2.txt --weather observed --json",
    "cityops winter hindcast meteorology_2010H2.txt --salt ours        # the rules' own treatments are driven",
)


class WeatherBy(StrEnum):
    """By which weather the road is forecast."""

    stations = "stations"
    observed = "observed"


class Salt(StrEnum):
    """What lies on the road."""

    log = "log"
    ours = "ours"
    none = "none"


def hindcast(
    file: Annotated[Path, typer.Argument(help="Hourly observations of a street in NORTRIP's format.")],
    log: Annotated[
        Path | None, typer.Option(help="What was spread; activity_… beside meteorology_… without.")
    ] = None,
    first: Annotated[
        str | None, typer.Option("--from", metavar="DAY", help="First night; the first possible without.")
    ] = None,
    last: Annotated[
        str | None, typer.Option("--to", metavar="DAY", help="Last night; the last possible without.")
    ] = None,
    weather: Annotated[
        WeatherBy,
        typer.Option(help="Forecast from what stations tell, or with the weather that was to be observed."),
    ] = WeatherBy.stations,
    salt: Annotated[
        Salt, typer.Option(help="Salt on the road: as logged, as the rules ask for it, or none.")
    ] = Salt.log,
    wetness: Annotated[
        bool, typer.Option(help="Whether the road sensor tells dry, damp and wet (by the wetness signal).")
    ] = True,
    parameters: Annotated[
        str, typer.Option(help="Parameter set of the road model: a name of this version, or a .toml file.")
    ] = "hornsgatan_start",
    every_h: Annotated[int, typer.Option(min=1, max=3, help="Hours between two road forecasts.")] = 3,
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable.")] = False,
) -> None:
    """Step through a past winter's nights with the product's own forecaster and rules, and compare with the log.

    Each night, noon to noon: what stood at 17 h, what was decided later, what was spread, what the road did, and for each
    difference a plain reason. A log says what was done, not what was right.
    """
    from rules.road_data import sets
    from rules.winter.hindcast.run import Settings

    settings = Settings(
        weather=weather.value,
        salt=salt.value,
        by_wetness=wetness,
        every_h=every_h,
        road=sets.load(parameters),
    )
    _tell(file, _log_of(file) if log is None else log, (first, last), settings, as_json)


def _tell(
    file: Path, log: Path, days: tuple[str | None, str | None], settings: Settings, as_json: bool
) -> None:
    from cityops.logs import configure
    from cityops.settings import LogSettings
    from ops_api import hindcast_text
    from ops_api.cli_desk import to_json
    from ops_api.moments import a_day
    from rules.winter.hindcast.winter import winter

    first, last = (None if d is None else a_day(d, n) for d, n in zip(days, ("--from", "--to"), strict=True))
    configure(LogSettings(level="warning"))  # the forecaster tells of each issue
    found = winter(file, log, first, last, settings)
    lines = hindcast_text.lines(found)
    typer.echo(to_json(hindcast_text.document(found)) if as_json else "\n".join(lines))


def _log_of(file: Path) -> Path:
    """Return the log beside the observations."""
    if not file.name.startswith("meteorology"):
        raise ConfigurationError(
            f"{file}: --log names what was spread; only beside meteorology_… it is found"
        )
    return file.with_name(file.name.replace("meteorology", "activity", 1))
