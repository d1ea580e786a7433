"""``cityops verify``: proof that anyone can run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cityops.errors import ConfigurationError
from ops_api.cli_help import examples, group

if TYPE_CHECKING:
    from collections.abc import Callable

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
    messages: Annotated[
        int | None,
        typer.Option(min=1, help="Readings to publish.  [default: 100000, where no --seconds is given]"),
    ] = None,
    faults: Annotated[
        str, typer.Option(help="Names, comma-separated, or `all` or `none`; see `cityops verify faults`.")
    ] = "kill-ingester,kill-broker,stop-db",
    times: Annotated[
        int | None,
        typer.Option(
            min=1, help="How often each of the faults happens.  [default: 3, or as --seconds allows]"
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(help="Of the order, times and lengths of the faults.  [default: a new one, printed]"),
    ] = None,
    devices: Annotated[
        int, typer.Option(min=1, max=5000, help="Devices, each with its own connection.")
    ] = 100,
    ingesters: Annotated[int, typer.Option(min=1, max=8, help="Ingester processes.")] = 1,
    rate: Annotated[float, typer.Option(min=1.0, help="Readings a second at most.")] = 2500.0,
    seconds: Annotated[
        float | None, typer.Option(min=1.0, help="Publish for so long, instead of --messages.")
    ] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Where the stack keeps its data.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    keep_history: Annotated[
        Path | None, typer.Option(help="File for the history of every reading; an old one is replaced.")
    ] = None,
) -> None:
    """Publish readings through a stack of its own while parts of it are killed, and account for each.

    Every device keeps a reading until the server's receipt. Afterwards each reading must be in the database once:
    exit status 0 where that is so, else 1. Ctrl-C stops everything.
    """
    from cityops.settings import load_settings
    from ops_api.cli_demo import run
    from ops_api.verify.run import Plan, run_durability

    published = readings(messages, seconds)
    names = _names(faults)
    settings = load_settings(**({} if data_dir is None else {"data_dir": data_dir}))
    plan = Plan(
        messages=published,
        faults=names,
        times=times,
        seed=_new_seed() if seed is None else seed,
        devices=devices,
        ingesters=ingesters,
        rate=rate,
        seconds=0.0 if seconds is None else seconds,
        history=keep_history,
        json=as_json,
    )
    raise typer.Exit(run(lambda stop: run_durability(plan, settings, _printer(as_json), stop)))


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
    from ops_api.verify.faults import ALL, FAULTS, parse_faults
    from ops_api.verify.small_disk import refuse_where_impossible

    names = parse_faults(text)
    try:
        if any(FAULTS[name].small_disk for name in names):
            refuse_where_impossible()
    except ConfigurationError as e:
        if text.strip() != ALL:
            raise
        typer.echo(f"without fill-disk: {e}", err=True)
        return tuple(name for name in names if not FAULTS[name].small_disk)
    return names


def _new_seed() -> int:
    import secrets

    return secrets.randbelow(1_000_000)


def _printer(to_stderr: bool) -> Callable[[str], None]:
    from rich.console import Console

    return Console(highlight=False, soft_wrap=True, stderr=to_stderr).print
