"""``cityops demo``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ops_api.cli_help import examples

if TYPE_CHECKING:
    from collections.abc import Callable

EXAMPLES = examples(
    "cityops demo",
    "cityops demo --check                        # play it once, verify it, say what was lost",
    "cityops demo --scenario snow --port 8090",
    "cityops demo --data-dir /srv/demo --speed 60",
    "cityops demo --past-quarter --scenario market_day   # bins, with a quarter behind them: /bins/ledger",
)
SHOW_SPEED = 480.0
CHECK_SPEED = 1500.0


def demo(
    check: Annotated[
        bool, typer.Option("--check", help="Play the scenario once, verify it, exit 1 where it failed.")
    ] = False,
    scenario: Annotated[
        str, typer.Option(help="Name from `cityops sim list`, or a TOML file.")
    ] = "frost_night",
    speed: Annotated[
        float | None, typer.Option(help="Simulated seconds per second until it has caught up with the clock.")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=65535,
            help="Port of the pages; 0 takes a free one.  [default: CITYOPS_API__PORT or 8080]",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of everything random.")] = 1,
    data_dir: Annotated[Path | None, typer.Option(help="Where the demo keeps its data.")] = None,
    past_quarter: Annotated[
        bool,
        typer.Option(
            "--past-quarter",
            help="Play three months of 60 bins before it, marked as simulated, for the savings ledger: takes minutes.",
        ),
    ] = False,
) -> None:
    """Show a town on this machine: sensors, broker, database, rules and pages.

    Plays the scenario's last night at speed, then goes on live. Ctrl-C stops everything.
    An earlier demo's data is replaced.
    """
    from cityops.settings import load_settings
    from ops_api.demo.past_quarter import with_few_bins
    from ops_api.demo.run import Demo, run_demo

    if speed is None:
        speed = CHECK_SPEED if check else SHOW_SPEED
    chosen: dict[str, Any] = {
        "sim": {"scenario": scenario, "seed": seed, "speed": speed},
        "log": {"level": "warning"},
    }
    if data_dir is not None:
        chosen["data_dir"] = data_dir
    settings = load_settings(**chosen)
    shown = None if check else settings.api.port if port is None else port
    if past_quarter:
        settings = with_few_bins(settings)
    plan = Demo(settings, shown, check, printer(), past_quarter)
    raise typer.Exit(run(lambda stop: run_demo(plan, stop)))


def printer() -> Callable[[str], None]:
    """Return what prints a line with rich's markup."""
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    return console.print


def run(start: Callable[[Any], Any]) -> int:
    """Run ``start(stop)`` until it returns its exit code; SIGINT and SIGTERM set the stop."""
    import uvloop

    from cityops.logs import configure
    from cityops.runtime.stop import Stop
    from cityops.settings import LogSettings

    configure(LogSettings(level="warning"))

    async def until_stopped() -> int:
        stop = Stop()
        with stop.install_signals():
            return int(await start(stop))

    return uvloop.run(until_stopped())
