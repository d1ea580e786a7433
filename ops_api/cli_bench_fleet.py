"""``cityops bench fleet``: the gritting routes of a whole map, checked."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from ops_api.cli_help import examples

EXAMPLES = examples(
    "cityops bench fleet cambridge.geojson",
    "cityops bench fleet cambridge.geojson --classes A --lorries 2 --json",
    "cityops bench fleet town.json --iterations 1000        # the same plan on every machine",
)


def fleet(
    file: Annotated[
        Path, typer.Argument(help="A map as cityops network import reads it, or a registry file.")
    ],
    classes: Annotated[str, typer.Option(help="Road classes, the most urgent first.")] = "AB",
    seconds: Annotated[float, typer.Option(help="CPU seconds from the map to the checked plan.")] = 60.0,
    lorries: Annotated[int, typer.Option(min=1, help="At each of the two depots.")] = 3,
    salt_t: Annotated[float, typer.Option(help="That a lorry holds [t].")] = 3.0,
    hours: Annotated[float, typer.Option(help="Of a crew.")] = 4.0,
    g_m2: Annotated[float, typer.Option("--g-m2", help="Salt on the road [g/m²].")] = 10.0,
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 1,
    iterations: Annotated[
        int | None, typer.Option(min=1, help="So many iterations of the search instead of seconds.")
    ] = None,
    interpreted: Annotated[
        bool, typer.Option("--interpreted", help="Run the loops uncompiled, as without numba.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable.")] = False,
) -> None:
    """Plan the night of all roads of some classes from two depots, and check every constraint.

    The depots are the junctions nearest to a quarter and three quarters of the way across.
    Exit status 1 where the check finds anything wrong or not kept.
    """
    import msgspec

    from cityops.errors import ConfigurationError

    if interpreted:
        os.environ["NUMBA_DISABLE_JIT"] = "1"
    from ops_api import fleet_bench

    for name, value in (("--seconds", seconds), ("--salt-t", salt_t), ("--hours", hours), ("--g-m2", g_m2)):
        if not value > 0:
            raise ConfigurationError(f"{name} {value:g}: must be above 0")
    run = fleet_bench.Run(classes, seconds, lorries, salt_t, hours, g_m2, seed, iterations)
    found = fleet_bench.measure(file, run)
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(found.told(run)), indent=2).decode())
    else:
        for line in found.lines():
            typer.echo(line)
    raise typer.Exit(0 if found.verdict.holds else 1)
