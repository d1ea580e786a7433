"""``cityops bins``: the lorries, and the rounds of a day."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cityops.errors import ConfigurationError
from ops_api.cli_bins_day import MANAGER, Forget, LockTo, Skip, add_to, asked_of, at_rounds, said
from ops_api.cli_desk import AsJson, By, RequestId, name_of
from ops_api.cli_help import examples, group

if TYPE_CHECKING:
    from ops_api.wiring_rounds import RoundsDoor

app = group("Bins: the lorries, and which bins each empties today.")


@app.command(
    epilog=examples("cityops bins lorries", "cityops bins lorries lorries.toml --reason 'new depot'")
)
def lorries(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="TOML: depots, tips, lorries, settings.")
    ] = None,
    reason: Annotated[str, typer.Option(help="Why they change.")] = "",
    by: By = "",
    as_json: AsJson = False,
) -> None:
    """Print the lorries that count, or write others from FILE: they count from the next plan on."""
    import msgspec

    from ops_api.fleet_files import decoded
    from ops_api.rounds_text import fleet_lines
    from rules.core.rounds.fleet import RoundFleet

    async def run(door: RoundsDoor) -> None:
        if file is not None:
            try:
                await door.desk.put_fleet(decoded(file, RoundFleet), name_of(by), reason)
            except ValueError as error:
                raise ConfigurationError(f"{file}: {error}") from error
        kept = await door.desk.book.fleet()
        if kept is None:
            typer.echo("no lorries yet: give a FILE, see docs/rounds.md", err=True)
            raise typer.Exit(1)
        typer.echo(_json(msgspec.json.encode(kept)) if as_json else "\n".join(fleet_lines(kept.fleet)))

    at_rounds(run)


@app.command(
    epilog=examples(
        "cityops bins plan --today", "cityops bins plan --today --iterations 0    # only insertion"
    )
)
def plan(
    today: Annotated[bool, typer.Option("--today", help="From the newest decision on bins.")] = False,
    reason: Annotated[str, typer.Option(help="Why: it is part of the record.")] = "",
    by: By = "",
    role: Annotated[
        str, typer.Option(envvar="CITYOPS_ROLE", help="As what you say it; CITYOPS_ROLE.")
    ] = MANAGER,
    seed: Annotated[int, typer.Option(help="Of everything random: the same gives the same plan.")] = 1,
    iterations: Annotated[
        int | None, typer.Option(min=0, max=1_000_000, help="Of the search; 0: only insertion.")
    ] = None,
    lock: LockTo = None,
    skip: Skip = None,
    forget_locks: Forget = False,
    request_id: RequestId = None,
    as_json: AsJson = False,
) -> None:
    """Plan today's rounds and keep them. Exit status 1 where a must-go bin is not met.

    Where lorries drive a plan of today already, they go on from where they are, as with `cityops bins replan`.
    """
    if not today:
        raise ConfigurationError("which day? `cityops bins plan --today` is what there is")

    async def run(door: RoundsDoor) -> int:
        asked = asked_of(door, by, role, reason, request_id, seed, iterations, lock, skip, forget_locks)
        return said(await door.desk.plan_today(asked), door, as_json)

    if (status := at_rounds(run)) != 0:
        raise typer.Exit(status)


@app.command(epilog=examples("cityops bins show", "cityops bins show --version 3 --json"))
def show(
    version: Annotated[int | None, typer.Option(min=1, help="Of another plan than today's newest.")] = None,
    as_json: AsJson = False,
) -> None:
    """Say what today's rounds are."""

    async def run(door: RoundsDoor) -> None:
        rounds = (
            await door.desk.newest(door.now_s) if version is None else await door.desk.book.rounds(version)
        )
        if rounds is None:
            typer.echo("no rounds today yet: `cityops bins plan --today`", err=True)
            raise typer.Exit(1)
        said(rounds, door, as_json)

    at_rounds(run)


def _json(text: bytes) -> str:
    import msgspec

    return msgspec.json.format(text, indent=1).decode()


add_to(app)
