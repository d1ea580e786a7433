"""``cityops bench``: what this machine does, and how far results are from references."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from ops_api.cli_help import examples, group

bench_app = group("Measure, on this machine, what cityops claims.")


@bench_app.callback()
def bench() -> None:
    """Measure, on this machine, what cityops claims."""


@bench_app.command(
    epilog=examples(
        "cityops bench damp",
        "cityops bench damp --homes 1000 --repeats 1          # quicker",
        "cityops bench damp --real-data ../shared/data        # compare with real data, too",
        "cityops bench damp --json | jq '.agreement[] | select(.holds == false)'",
    )
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
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable.")] = False,
) -> None:
    """Measure dew points and mould risk indices on one core, and compare them with references.

    Exit status 1 where a comparison fails; a slow machine fails nothing.
    """
    from ops_api.measure.damp_report import as_text, report

    found = report(values, homes, hours, repeats, real_data)
    typer.echo(json.dumps(found, indent=2) if as_json else as_text(found))
    raise typer.Exit(0 if found["correct"] else 1)
