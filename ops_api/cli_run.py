"""Commands that run a service until they are stopped, and those that fill the registry."""

from __future__ import annotations

import gc
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ops_api.cli_help import examples, group

if TYPE_CHECKING:
    from cityops.runtime.stop import Stop
    from cityops.settings import Settings

rules_app = group("The rules engine.")
sim_app = group("A simulated town on the real broker.")
registry_app = group("Devices and the places they watch.")

_DSN = "CITYOPS_DB__DSN=postgresql://cityops@db.example:5432/cityops"
INGEST_EXAMPLES = examples(
    f"{_DSN} \\",
    "    CITYOPS_MQTT__HOST=mqtt.example cityops ingest",
    "CITYOPS_INGEST__HEALTH_PORT=9101 cityops ingest --workers 4   # pages for all at 9101, for each at 9102-9105",
    "CITYOPS_INGEST__SHARDS=0-7 cityops ingest   # half of the shards, where others serve 8-15",
)
API_EXAMPLES = examples(f"{_DSN} cityops api", "CITYOPS_API__PORT=8090 cityops api")
KINDS_EXAMPLES = examples("cityops kinds", "CITYOPS_KINDS_DIR=./my-kinds cityops kinds")

Run = Callable[["Settings", "Stop"], Awaitable[None]]


def serve(run: Run, settings: Settings | None = None, *, service: str = "service") -> None:
    """Run a service with this installation's settings until SIGINT or SIGTERM; ``service`` names it in traces."""
    import uvloop

    from cityops import tracing
    from cityops.logs import configure
    from cityops.runtime.stop import Stop
    from cityops.settings import load_settings

    chosen = load_settings() if settings is None else settings
    configure(chosen.log)
    traces_off = tracing.configure(chosen.tracing, service)

    async def until_stopped() -> None:
        stop = Stop()
        with stop.install_signals():
            await run(chosen, stop)

    try:
        uvloop.run(until_stopped())
    finally:
        traces_off()


def ingest(
    workers: Annotated[
        int | None,
        typer.Option(min=1, max=64, help="Processes; they and those on other hosts share the shards."),
    ] = None,
) -> None:
    """Store what devices publish. Stops after what it has begun is committed.

    Workers with the same shards share them evenly, in one host or several: one that is added
    gets its share within seconds, one that dies, freezes or stops leaves its shards to the
    others. A worker that dies is started again.
    """
    from cityops.settings import load_settings
    from ops_api.wiring_workers import run_ingest_workers

    chosen = {} if workers is None else {"ingest": {"workers": workers}}
    serve(run_ingest_workers, load_settings(**chosen), service="ingest")


@rules_app.command("run", epilog=examples(f"{_DSN} cityops rules run"))
def rules_run() -> None:
    """Turn readings into states, alarms and decisions, for ever."""
    from ops_api.wiring_rules import run_rules

    serve(lambda settings, stop: run_rules(settings, stop.event), service="rules")


def api() -> None:
    """Serve the web pages and the REST interface."""
    gc.disable()  # what is imported stays: looking for garbage among it takes a seventh of the start
    from ops_api.wiring_api import run_api

    gc.enable()
    serve(lambda settings, stop: run_api(settings, stop.event), service="api")


@sim_app.command(
    "run",
    epilog=examples(
        "cityops sim run --scenario snow --speed 240", "CITYOPS_MQTT__HOST=mqtt.example cityops sim run"
    ),
)
def sim_run(
    scenario: Annotated[
        str | None, typer.Option(help="Name from `cityops sim list`, or a TOML file.")
    ] = None,
    speed: Annotated[float | None, typer.Option(help="Simulated seconds per second until caught up.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of everything random.")] = None,
) -> None:
    """Play a scenario with a town of simulated devices against the configured broker.

    Devices connect as the settings' MQTT user. With a database configured, the town is
    registered there first, and decisions reach its gritters and bin crews.
    """
    from cityops.settings import load_settings
    from ops_api.wiring_sim import run_town

    given = {"scenario": scenario, "speed": speed, "seed": seed}
    chosen = {name: value for name, value in given.items() if value is not None}
    serve(run_town, load_settings(**({"sim": chosen} if chosen else {})))


@sim_app.command("list", epilog=examples("cityops sim list"))
def sim_list() -> None:
    """List the scenarios."""
    from firmware_sim.scenario import load_scenario, scenario_names

    for s in map(load_scenario, scenario_names()):
        typer.echo(f"{s.name:<22} {s.title}: {' '.join(s.description.split())}")


@registry_app.command("load", epilog=examples("cityops registry load town.json"))
def registry_load(
    file: Annotated[Path, typer.Argument(help="JSON file, see docs/registry.md.")],
) -> None:
    """Insert or update what FILE says is installed; nothing is removed."""
    import asyncio

    from cityops.settings import load_settings
    from ops_api.registry import load_registry

    changed = asyncio.run(load_registry(load_settings(), file))
    typer.echo("\n".join(f"{table}: {n} changed" for table, n in changed.items()))


@registry_app.command(
    "town",
    epilog=examples(
        "cityops registry town town.json", "CITYOPS_SIM__HOMES=2 CITYOPS_SIM__BINS=2 cityops registry town"
    ),
)
def registry_town(
    file: Annotated[Path | None, typer.Argument(help="Where to write; standard output without.")] = None,
) -> None:
    """Write the registry of the simulated town, as a start for one of your own."""
    from cityops.settings import load_settings
    from devices.registry import dump
    from ops_api.wiring_sim import town_of

    raw = dump(town_of(load_settings()))
    if file is None:
        typer.echo(raw.decode())
    else:
        file.write_bytes(raw)


def kinds(
    markdown: Annotated[
        Path | None, typer.Option(help="Write the reference page to this file, e.g. docs/kinds.md.")
    ] = None,
) -> None:
    """List the kinds of device with their fields, units and ranges."""
    from cityops.settings import load_settings
    from devices.contract.reference import page
    from ops_api.wiring import kinds_of

    known = kinds_of(load_settings()).values()
    if markdown is not None:
        markdown.write_text(page(known), encoding="utf-8")
        return
    for kind in known:
        typer.secho(f"{kind.name}: {kind.title}", bold=True)
        for f in kind.fields:
            need = "required" if f.required else "optional"
            typer.echo(f"  {f.name:<26} {f.minimum:g} to {f.maximum:g} {f.quantity.symbol:<6} {need}")
