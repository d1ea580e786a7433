"""``cityops bench vrp``: routes of vehicle routing instances beside the best known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ops_api.cli_help import examples

if TYPE_CHECKING:
    from ops_api.vrp_bench import Row

EXAMPLES = examples(
    "cityops bench vrp X                          # every .vrp file of a folder, 30 s each",
    "cityops bench vrp X --seconds 60 --seed 2",
    "cityops bench vrp X --iterations 5000        # the same routes on every machine",
    "cityops bench vrp X --seconds 10 --json | jq .mean_gap_pct",
)


def vrp(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Folder with instances, *.vrp, and best known costs, *.sol.")
    ],
    seconds: Annotated[float, typer.Option(help="CPU seconds of one core for each instance.")] = 30.0,
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 1,
    iterations: Annotated[
        int | None, typer.Option(min=1, help="So many iterations instead of seconds.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable.")] = False,
) -> None:
    """Plan the routes of CVRPLIB X instances with the rounds' solver and compare their cost with the best known.

    Distances are rounded to whole numbers, as the best known costs of the X set are. Routes are checked against
    the instance anew: exit status 1 where one is wrong.
    """
    from cityops.errors import ConfigurationError
    from ops_api import vrp_bench
    from ops_api.routing_bench import Run

    if not seconds > 0:
        raise ConfigurationError(f"--seconds {seconds:g}: must be above 0")
    cases = vrp_bench.read_cases(folder)
    run = Run(seconds, seed, iterations)
    if not as_json:
        typer.echo(vrp_bench.HEADING)
    rows: list[Row] = []
    for case in cases:
        rows.append(vrp_bench.measure(case, run))
        if not as_json:
            typer.echo(rows[-1].line)
    if as_json:
        typer.echo(json.dumps(vrp_bench.document(run, rows), indent=2))
    else:
        typer.echo(vrp_bench.mean_line(rows))
    raise typer.Exit(1 if any(row.wrong for row in rows) else 0)
