"""``cityops bench bins``: how good forecasts of bins are on what a city has published."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ops_api.cli_help import examples

EXAMPLES = examples(
    "cityops bench bins wyndham_smartbin_daily_2018_2021.csv",
    "cityops bench bins edinburgh_enevo_collections_2016.csv",
    "cityops bench bins levels.csv --json | jq .next_day",
)


def bins(
    file: Annotated[
        Path,
        typer.Argument(
            help="CSV of daily levels (timestamp, latestFullness: 0, 2, … 10, serialNumber, reason)"
            " or of emptyings (site_id, content_type, collected_at_local, fill_before_pct)."
        ),
    ],
    policies: Annotated[
        bool, typer.Option(help="Replay policies, too (daily levels; most of the time that it takes).")
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable.")] = False,
) -> None:
    """Judge forecasts of bins, each beside simpler ways: full tomorrow, days until full, new bins, policies; or hours until filled.

    Nothing of later days is used: each forecast is told as it would have been. Judged are the last two fifths of the days of
    levels, the second half of emptyings. Exit status 1 where what is wanted of Wyndham's or Edinburgh's bins is missed.
    """
    import msgspec

    from ops_api.measure.bins_report import report
    from ops_api.measure.bins_words import lines

    found = report(file, policies)
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
    else:
        typer.echo("\n".join(lines(found)))
    raise typer.Exit(0 if found["met"] else 1)
