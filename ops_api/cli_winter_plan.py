"""``cityops winter plan``: which lorry treats which street tonight, and in what order."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cityops.errors import ConfigurationError
from ops_api import cli_winter_cab
from ops_api.cli_desk import By, RequestId
from ops_api.cli_help import examples
from ops_api.cli_winter_cab import OFFICER

EXAMPLES = examples(
    "cityops winter plan --tonight            # from the orders that stand, of the database; kept",
    "cityops winter plan town.json --lorries lorries.toml --out plan.json",
    "cityops winter plan town.json --lorries lorries.toml --part cold.csv --standing plan.json",
    "cityops winter plan town.json --lorries lorries.toml --standing plan.json --broken L2 --at-min 55",
)
MISSED = 1


def plan(
    registry: Annotated[
        Path | None, typer.Argument(help="Registry file with roads, depots and gritting routes.")
    ] = None,
    tonight: Annotated[
        bool,
        typer.Option("--tonight", help="Plan the database's night from the orders that stand, and keep it."),
    ] = False,
    lorries: Annotated[
        Path | None, typer.Option(help="TOML: lorries, barns, settings; see docs/fleet.md.")
    ] = None,
    g_m2: Annotated[float, typer.Option("--g-m2", help="Salt where --part says nothing [g/m²].")] = 10.0,
    part: Annotated[
        Path | None,
        typer.Option(
            help="CSV of tonight's streets: segment_id[, g_m2, priority, due_min, from_min]; all on routes without."
        ),
    ] = None,
    standing: Annotated[
        Path | None, typer.Option(help="A plan of before: streets keep their lorry where possible.")
    ] = None,
    broken: Annotated[
        list[str] | None, typer.Option(help="A lorry that fails on the plan --standing; may be given again.")
    ] = None,
    at_min: Annotated[float, typer.Option(help="When it fails [min after the start].")] = 0.0,
    seconds: Annotated[float, typer.Option(min=0, help="CPU seconds to search; 0 = only build.")] = 30.0,
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 1,
    iterations: Annotated[
        int | None, typer.Option(min=0, help="So many iterations instead of seconds.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write the plan there, leg by leg (JSON).")] = None,
    reason: Annotated[str, typer.Option(help="With --tonight: why.")] = "",
    by: By = "",
    role: Annotated[str, typer.Option(envvar="CITYOPS_ROLE", help="With --tonight: as what.")] = OFFICER,
    request_id: RequestId = None,
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable.")] = False,
) -> None:
    """Plan a whole night: streets, passes, turns, salt and loads, limits, crews' hours.

    The plan is worked out anew from the roads by a check that shares nothing with the planner.
    Exit status 1 where something asked for is not kept: late, too long, not treated.
    """
    import msgspec

    from ops_api import fleet_night

    if tonight:
        if any(x is not None for x in (registry, lorries, part, standing, broken, out)):
            raise ConfigurationError(
                "--tonight plans the database's night: it takes no files; `winter roster` says which lorries"
            )
        return cli_winter_cab.tonight(reason, by, role, seed, iterations, request_id, as_json)
    if registry is None or lorries is None:
        raise ConfigurationError("give a registry file and --lorries FILE, or --tonight")
    asked = fleet_night.Asked(registry, lorries, g_m2, part, standing, broken or (), at_min)
    planned = fleet_night.plan_night(asked, fleet_night.planner_of(seconds, iterations, seed))
    if out is not None:
        fleet_night.write(out, planned)
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(planned.told), indent=1).decode())
    else:
        for line in planned.lines:
            typer.echo(line)
    raise typer.Exit(0 if planned.verdict.holds else MISSED)
