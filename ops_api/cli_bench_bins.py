"""``cityops bench bins``: how good forecasts of bins are on what a city has published."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ops_api.cli_help import examples

EXAMPLES = examples(
    "cityops bench bins wyndham_smartbin_daily_2018_2021.csv",
    "cityops bench bins levels.csv --json | jq .next_day",
)


def bins(
    file: Annotated[
        Path,
        typer.Argument(
            help="CSV of daily levels: timestamp, latestFullness (0, 2, … 10), serialNumber, reason."
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable.")] = False,
) -> None:
    """Tell day by day which bins will be full tomorrow, and judge it beside simpler ways.

    Nothing of later days is used: each chance is told as it would have been. Judged are the last two fifths of the days.
    Exit status 1 where what is wanted of Wyndham's bins is missed.
    """
    import msgspec

    from ops_api.measure.bins_report import report
    from ops_api.measure.bins_words import lines

    found = report(file)
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
    else:
        typer.echo("\n".join(lines(found)))
    raise typer.Exit(0 if found["met"] else 1)
