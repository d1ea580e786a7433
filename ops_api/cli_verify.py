"""``cityops verify``: proof that anyone can run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from cityops.errors import ConfigurationError
from ops_api import cli_verify_options as options
from ops_api.cli_help import examples, group

if TYPE_CHECKING:
    from collections.abc import Callable

    from ops_api.verify.run import Plan

MESSAGES = 100_000
"""Readings of a run where neither a number nor a time is given."""

verify_app = group("Prove, on this machine, what cityops promises.")


@verify_app.command(
    epilog=examples(
        "cityops verify durability",
        "cityops verify durability --messages 100000 --faults kill-ingester,kill-broker,stop-db",
        "cityops verify durability --faults cut-network,half-open --times 5 --seed 7",
        "cityops verify durability --faults none --json",
        "cityops verify durability --seconds 600 --faults all --keep-history run.history",
    )
)
def durability(
    messages: options.Messages = None,
    faults: options.Faults = "kill-ingester,kill-broker,stop-db",
    times: options.Times = None,
    seed: options.Seed = None,
    devices: options.Devices = 100,
    ingesters: options.Ingesters = 1,
    rate: options.Rate = 2500.0,
    seconds: options.Seconds = None,
    data_dir: options.DataDir = None,
    as_json: options.AsJson = False,
    keep_history: options.KeepHistory = None,
) -> None:
    """Publish readings through a stack of its own while parts of it are killed, and account for each.

    Every device keeps a reading until the server's receipt. Afterwards each reading must be in the database once:
    exit status 0 where that is so, else 1. Ctrl-C stops everything.
    """
    from ops_api.verify.run import Plan

    plan = Plan(
        messages=readings(messages, seconds),
        faults=_names(faults),
        times=times,
        seed=_new_seed() if seed is None else seed,
        devices=devices,
        ingesters=ingesters,
        rate=rate,
        seconds=0.0 if seconds is None else seconds,
        history=keep_history,
        json=as_json,
    )
    raise typer.Exit(_prove(plan, data_dir))


@verify_app.command(
    epilog=examples(
        "cityops verify damp",
        "cityops verify damp --mix town --homes 240 --seed 7    # one damp home in twelve, as in the demo",
        "cityops verify damp --json | jq '.each[] | select(.cause != .true_cause)'",
    )
)
def damp(
    homes: Annotated[int, typer.Option(min=6, max=5000, help="Simulated homes, each with a box.")] = 60,
    days: Annotated[int, typer.Option(min=8, max=365, help="Days of readings, every five minutes.")] = 28,
    seed: Annotated[int, typer.Option(min=0, help="Of homes, habits, weather and sensors.")] = 41,
    mix: Annotated[
        Literal["kinds", "town"],
        typer.Option(help="All six kinds of home in turn, or one damp home in twelve."),
    ] = "kinds",
    data_dir: options.DataDir = None,
    as_json: options.AsJson = False,
) -> None:
    """Let the damp analyst judge simulated homes whose truth is known: which are found, and why they are damp.

    The readings go into a database of its own as the ingester stores them. The true cause is what, mended and played again,
    removes most of the damp. Exit status 0 where it is as docs/damp.md promises, else 1.
    """
    from cityops.settings import load_settings
    from ops_api.cli_demo import run
    from ops_api.verify.damp_run import DampPlan, run_damp

    settings = load_settings(**({} if data_dir is None else {"data_dir": data_dir}))
    plan = DampPlan(homes=homes, days=days, seed=seed, mix=mix, json=as_json)
    raise typer.Exit(run(lambda stop: run_damp(plan, settings, _printer(as_json), stop)))


@verify_app.command(epilog=examples("cityops verify faults"))
def faults() -> None:
    """List the faults and what each does."""
    from ops_api.verify.faults import FAULTS

    for fault in FAULTS.values():
        typer.echo(f"{fault.name:<18}{fault.what}")


@verify_app.command(epilog=examples("cityops verify history run.history"))
def history(file: Annotated[Path, typer.Argument(help="History that a run kept.")]) -> None:
    """Judge the history of a run again: exit status 0 where it proves that nothing was lost or doubled."""
    from firmware_sim.history import read_history
    from firmware_sim.history_check import judge
    from ops_api.verify.report import history_table

    try:
        verdict = judge(read_history(file))
    except ValueError as e:
        raise ConfigurationError(str(e)) from e
    say = _printer(False)
    for line in history_table(verdict):
        say(line)
    raise typer.Exit(0 if verdict.passed else 1)


def _prove(plan: Plan, data_dir: Path | None) -> int:
    from cityops.settings import load_settings
    from ops_api.cli_demo import run
    from ops_api.verify.run import run_durability

    settings = load_settings(**({} if data_dir is None else {"data_dir": data_dir}))
    return run(lambda stop: run_durability(plan, settings, _printer(plan.json), stop))


def readings(messages: int | None, seconds: float | None) -> int | None:
    """Return how many readings to publish; None for a run by time.

    Raises:
        ConfigurationError: both are given.
    """
    if seconds is None:
        return MESSAGES if messages is None else messages
    if messages is not None:
        raise ConfigurationError(
            f"--messages {messages} and --seconds {seconds:g}: a run ends by its number or by its time; give one of them"
        )
    return None


def _names(text: str) -> tuple[str, ...]:
    """Return the faults asked for; of ``all`` those that are possible here."""
    from ops_api.verify import broker_disk, small_disk
    from ops_api.verify.faults import ALL, parse_faults

    refusals = {
        "fill-disk": small_disk.refuse_where_impossible,
        "fill-broker-disk": broker_disk.refuse_where_impossible,
    }
    possible = []
    for name in parse_faults(text):
        try:
            refusals.get(name, lambda: None)()
        except ConfigurationError as e:
            if text.strip() != ALL:
                raise
            typer.echo(f"without {name}: {e}", err=True)
        else:
            possible.append(name)
    return tuple(possible)


def _new_seed() -> int:
    import secrets

    return secrets.randbelow(1_000_000)


def _printer(to_stderr: bool) -> Callable[[str], None]:
    from rich.console import Console

    return Console(highlight=False, soft_wrap=True, stderr=to_stderr).print
