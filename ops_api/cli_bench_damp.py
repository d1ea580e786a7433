"""``cityops bench damp``: dew points, mould risk indices and the resident's page, and agreement with references."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from ops_api.cli_help import examples

EXAMPLES = examples(
    "cityops bench damp",
    "cityops bench damp --homes 1000 --repeats 1 --no-page   # quicker, and without a database",
    "cityops bench damp --real-data ../shared/data        # compare with real data, too",
    "cityops bench damp --json | jq '.agreement[] | select(.holds == false)'",
)


def damp(
    values: Annotated[int, typer.Option(min=1000, help="Dew points of a pass.")] = 4_000_000,
    homes: Annotated[int, typer.Option(min=1, help="Homes of the mould risk index.")] = 10_000,
    hours: Annotated[int, typer.Option(min=1, max=87_600, help="Hours of each home.")] = 8760,
    repeats: Annotated[int, typer.Option(min=1, help="Passes; figures are medians.")] = 3,
    real_data: Annotated[
        Path | None,
        typer.Option(
            envvar="CITYOPS_REAL_DATA",
            exists=True,
            file_okay=False,
            help="Folder with the real data sets; none ships with cityops.",
        ),
    ] = None,
    page: Annotated[
        bool, typer.Option(help="Measure the resident's page, too, in a database of its own.")
    ] = True,
    page_days: Annotated[int, typer.Option(min=3, max=800, help="Days of three rooms in the home.")] = 365,
    page_homes: Annotated[int, typer.Option(min=0, max=5000, help="Other homes in the database.")] = 300,
    page_homes_days: Annotated[int, typer.Option(min=1, max=800, help="Days of each of those.")] = 30,
    page_requests: Annotated[int, typer.Option(min=20, help="Requests of each page.")] = 300,
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable.")] = False,
) -> None:
    """Measure dew points, mould risk indices and the resident's page, and compare figures with references.

    Exit status 1 where a comparison fails; a slow machine fails nothing.
    """
    from cityops.settings import load_settings
    from ops_api.measure.damp_report import as_text, report
    from ops_api.measure.page_speed import page_figures, town_of

    def measure() -> dict[str, Any]:
        typer.echo("resident page: filling a database takes a minute or two", err=True)
        town = town_of(page_days, page_homes, page_homes_days)
        return page_figures(town, page_requests, load_settings().data_dir)

    found = report(values, homes, hours, repeats, real_data, measure if page else None)
    typer.echo(json.dumps(found, indent=2) if as_json else as_text(found))
    raise typer.Exit(0 if found["correct"] else 1)
