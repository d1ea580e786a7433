"""``cityops bench carp``: routes of arc routing instances beside the best known."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ops_api.cli_help import examples

if TYPE_CHECKING:
    from ops_api.carp_bench import Row

EXAMPLES = examples(
    "cityops bench carp egl                         # every .dat file of a folder, 10 s each",
    "cityops bench carp egl --seconds 60 --seed 2",
    "cityops bench carp egl --iterations 100000     # the same plans on every machine",
    "cityops bench carp gdb --seconds 3 --json | jq .mean_gap_pct",
)


def carp(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder with instances, *.dat.")],
    seconds: Annotated[float, typer.Option(help="CPU seconds of one core for each instance.")] = 10.0,
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 1,
    iterations: Annotated[
        int | None, typer.Option(min=1, help="So many iterations instead of seconds.")
    ] = None,
    interpreted: Annotated[
        bool, typer.Option("--interpreted", help="Run the loops uncompiled, as without numba.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable.")] = False,
) -> None:
    """Plan the routes of arc routing instances and compare their cost with the best known.

    The best known costs come from best_known.csv in DIR or in the folder above, else from the
    files. The time is CPU time of this process, after compiling. Each plan is checked link by
    link by a verifier that shares no code with the solver: exit status 1 where one is wrong.
    """
    from cityops.errors import ConfigurationError

    if interpreted:
        # numba looks at it when it is imported.
        os.environ["NUMBA_DISABLE_JIT"] = "1"
    from ops_api import carp_bench
    from ops_api.routing_bench import Run

    if seconds <= 0:
        raise ConfigurationError(f"--seconds {seconds:g}: must be above 0")
    cases = carp_bench.read_cases(folder)
    run = Run(seconds, seed, iterations)
    if not as_json:
        _head(carp_bench.conditions(run), carp_bench.HEADING)
    rows: list[Row] = []
    for case in cases:
        rows.append(carp_bench.measure(case, run))
        if not as_json:
            typer.echo(rows[-1].line)
    if as_json:
        typer.echo(json.dumps(carp_bench.document(run, rows), indent=2))
    else:
        typer.echo(carp_bench.mean_line(rows))
    raise typer.Exit(1 if any(row.wrong for row in rows) else 0)


def _head(conditions: dict[str, object], heading: str) -> None:
    compiled = conditions["compiled"]
    if not compiled:
        typer.echo(
            "not compiled: some hundred times fewer iterations in the same time"
            " (pip install 'cityops[server]' brings numba)",
            err=True,
        )
    typer.echo(heading)
