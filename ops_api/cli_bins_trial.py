"""``cityops bins trial``: ways of choosing bins side by side over a simulated quarter."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cityops.errors import ConfigurationError
from ops_api.cli_desk import AsJson
from ops_api.cli_help import examples

if TYPE_CHECKING:
    from devices.registry import Registry
    from rules.core.rounds.fleet import RoundFleet

EXAMPLES = examples(
    "cityops bins trial                           # four ways, 60 bins, 13 weeks",
    "cityops bins trial --policy fixed:0,2,4 --policy threshold:75 --policy forecast:0.05",
    "cityops bins trial --own                     # your bins, streets and lorries; what is thrown in is simulated",
    "cityops bins trial --seed 1 --seed 2 --seed 3 --json > quarter.json",
)
FIRST = "2026-06-01"


def trial(
    policy: Annotated[
        list[str] | None,
        typer.Option(
            help="Again for each: fixed[:weekdays, 0 Monday], threshold[:percent], forecast[:chance], "
            "integrated[:£ an overflow], decided[:chance]; the first is what the others are compared with."
        ),
    ] = None,
    days: Annotated[int, typer.Option(min=7, max=730, help="That are judged; whole weeks count.")] = 91,
    lead_days: Annotated[
        int, typer.Option(min=1, max=365, help="Before them, in which the rules learn how bins fill.")
    ] = 14,
    bins: Annotated[int, typer.Option(min=1, max=2000, help="Of the simulated town.")] = 60,
    lorries: Annotated[int, typer.Option(min=1, max=50, help="Of the simulated town.")] = 2,
    own: Annotated[bool, typer.Option("--own", help="Bins, streets and lorries of the database.")] = False,
    seed: Annotated[list[int] | None, typer.Option(help="Of everything random; again for each town.")] = None,
    first: Annotated[
        str, typer.Option(metavar="DAY", help="First day: the bank holidays are its year's.")
    ] = FIRST,
    iterations: Annotated[
        int, typer.Option(min=0, max=100_000, help="Of the search for each day's rounds; 0: insertion alone.")
    ] = 0,
    cadence_min: Annotated[
        int,
        typer.Option(min=10, max=720, help="Minutes between two readings of a sensor; a part of five hours."),
    ] = 60,
    jobs: Annotated[int | None, typer.Option(min=1, help="Processes; one for each core without.")] = None,
    as_json: AsJson = False,
) -> None:
    """Say what each way of choosing bins would have cost in a quarter of a simulated town, with the real rules and rounds.

    Every way meets the same deposits. Each knows only what its sensors said. About half a minute of CPU for each way and town.
    """
    from ops_api.bin_trial import report, run
    from ops_api.bin_trial.ways import USUAL, way_of
    from ops_api.moments import a_day
    from ops_api.wiring_rounds import own_town

    if 300 % cadence_min:
        raise ConfigurationError(f"--cadence-min {cadence_min}: a part of five hours, such as 10, 20, 30, 60")
    ways = tuple(dict.fromkeys(policy or USUAL))
    for way in ways:
        way_of(way)
    asked = run.Trial(
        ways=ways, seeds=run.seeds_of(seed or [1]), first=a_day(first, "--first"), days=days, lead_days=lead_days,
        bins=bins, lorries=lorries, iterations=iterations, own=_own(own_town) if own else None,
        cadence_s=60.0 * cadence_min,
    )  # fmt: skip

    def tell(one: run.One) -> None:
        typer.echo(f"{one.way}, seed {one.seed}: {one.took_s:.0f} s of CPU", err=True)

    found = report.document(asked, run.run(asked, jobs or os.cpu_count() or 1, tell))
    if as_json:
        import json

        typer.echo(json.dumps(found, indent=1))
    else:
        typer.echo("\n".join(report.lines(found)))


def _own(own_town: Any) -> tuple[Registry, RoundFleet]:
    import asyncio

    from cityops.settings import load_settings

    found: tuple[Registry, RoundFleet] = asyncio.run(own_town(load_settings()))
    return found
