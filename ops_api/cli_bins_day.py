"""``cityops bins`` in the day: where lorries are, another plan of what is left, lorries out of service and back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cityops.errors import ConfigurationError
from ops_api.cli_desk import AsJson, By, RequestId, end_with, name_of, through, to_json
from ops_api.cli_help import examples

if TYPE_CHECKING:
    from ops_api.wiring_rounds import RoundsDoor
    from rules.rounds.ports import Rounds
    from rules.rounds.service import Asked

MANAGER = "waste manager"
MISSED = 1

Role = Annotated[str, typer.Option(envvar="CITYOPS_ROLE", help="As what you say it; CITYOPS_ROLE.")]
Seed = Annotated[int, typer.Option(help="Of everything random: the same gives the same plan.")]
Iterations = Annotated[
    int | None, typer.Option(min=0, max=1_000_000, help="Of the search; 0: only insertion.")
]
LockTo = Annotated[
    list[str] | None,
    typer.Option(
        "--lock", metavar="BIN=LORRY", help="The lorry empties the bin, or nobody does; may be given again."
    ),
]
Skip = Annotated[
    list[str] | None,
    typer.Option("--skip", metavar="BIN", help="Leave the bin out today; may be given again."),
]
Forget = Annotated[
    bool, typer.Option("--forget-locks", help="What was locked or skipped before counts no more.")
]
Lorry = Annotated[str, typer.Argument(metavar="LORRY", help="Its id.")]


def add_to(app: typer.Typer) -> None:
    """Add these commands to ``cityops bins``."""
    app.command(
        epilog=examples(
            "cityops bins replan --reason 'market square closed'",
            "cityops bins replan --reason 'only the small one fits' --lock bin-12=lorry-2 --skip bin-7",
        )
    )(replan)
    app.command(epilog=examples("cityops bins progress", "cityops bins progress --json"))(progress)
    app.command(epilog=examples("cityops bins breakdown lorry-2 --reason 'hydraulics'"))(breakdown)
    app.command("return", epilog=examples("cityops bins return lorry-2 --reason 'hose changed'"))(back)


def asked_of(
    door: RoundsDoor, by: str, role: str, reason: str, request_id: str | None, seed: int, iterations: int | None,
    lock: list[str] | None = None, skip: list[str] | None = None, forget: bool = False,
) -> Asked:  # fmt: skip
    """Return who asks for a plan, and how."""
    from rules.rounds.service import DEFAULT_ITERATIONS, Asked

    return Asked(
        name_of(by), role, "cli", door.now_s, reason.strip(), request_id, seed,
        DEFAULT_ITERATIONS if iterations is None else iterations,
        locks=locks_of(lock or [], skip or [], reason.strip(), name_of(by)), forget_locks=forget,
    )  # fmt: skip


def locks_of(lock: list[str], skip: list[str], reason: str, by: str) -> tuple[Any, ...]:
    """Return what is fixed; ConfigurationError where it says no bin, or no lorry."""
    from rules.core.rounds.model import Lock

    why = reason or "asked for by the dispatcher"
    found = []
    for text in lock:
        bin_id, _, lorry = text.partition("=")
        if not bin_id.strip() or not lorry.strip():
            raise ConfigurationError(f"--lock is {text!r}; allowed: BIN=LORRY, like bin-12=lorry-2")
        found.append(Lock(kind="lorry", bins=(bin_id.strip(),), lorry_id=lorry.strip(), reason=why, by=by))
    if skip:
        found.append(Lock(kind="skip", bins=tuple(dict.fromkeys(skip)), reason=why, by=by))
    return tuple(found)


def replan(
    reason: Annotated[str, typer.Option(help="Why: it is part of the record.")],
    by: By = "",
    role: Role = MANAGER,
    lock: LockTo = None,
    skip: Skip = None,
    forget_locks: Forget = False,
    seed: Seed = 1,
    iterations: Iterations = None,
    request_id: RequestId = None,
    as_json: AsJson = False,
) -> None:
    """Plan the rest of today from where lorries are; what is emptied or was left by crews is left out.

    Exit status 1 where a must-go bin is not met.
    """

    async def run(door: RoundsDoor) -> int:
        asked = asked_of(door, by, role, reason, request_id, seed, iterations, lock, skip, forget_locks)
        return said(await door.desk.replan(asked), door, as_json)

    end_with(at_rounds(run))


def progress(as_json: AsJson = False) -> None:
    """Say where today's lorries are: emptied, left and why, on board, next, when they will be back."""

    async def run(door: RoundsDoor) -> None:
        from ops_api.round_documents import day_document
        from ops_api.rounds_text import day_lines

        now = await door.desk.day_now(door.now_s)
        if now is None:
            typer.echo("no rounds today yet: `cityops bins plan --today`", err=True)
            raise typer.Exit(1)
        if as_json:
            typer.echo(to_json(day_document(now, door.desk.zone, reasons=True)))
        else:
            typer.echo("\n".join(day_lines(now, door.desk.zone)))

    at_rounds(run)


def breakdown(
    lorry: Lorry,
    reason: Annotated[str, typer.Option(help="Why: it is part of the record.")],
    by: By = "",
    role: Role = MANAGER,
    seed: Seed = 1,
    iterations: Iterations = None,
    request_id: RequestId = None,
    as_json: AsJson = False,
) -> None:
    """Take a lorry out of service; what it has not emptied goes to the others, from where they are.

    Exit status 1 where a must-go bin can't be met any more: it is named.
    """
    _serves("breakdown", lorry, reason, by, role, seed, iterations, request_id, as_json)


def back(
    lorry: Lorry,
    reason: Annotated[str, typer.Option(help="What was done.")] = "",
    by: By = "",
    role: Role = MANAGER,
    seed: Seed = 1,
    iterations: Iterations = None,
    request_id: RequestId = None,
    as_json: AsJson = False,
) -> None:
    """Take a lorry back into service, at its depot; it takes its share of what is left of the day."""
    _serves("return", lorry, reason, by, role, seed, iterations, request_id, as_json)


def _serves(
    what: str, lorry: str, reason: str, by: str, role: str, seed: int, iterations: int | None,
    request_id: str | None, as_json: bool,
) -> None:  # fmt: skip
    async def run(door: RoundsDoor) -> int:
        asked = asked_of(door, by, role, reason, request_id, seed, iterations)
        do = door.desk.breakdown if what == "breakdown" else door.desk.returned
        rounds = await do(lorry, asked)
        if rounds is not None:
            return said(rounds, door, as_json)
        word = "out of service" if what == "breakdown" else "back in service"
        typer.echo(
            to_json({"version": None, "lorry": lorry})
            if as_json
            else f"{lorry} is {word}; today has no rounds"
        )
        return 0

    end_with(at_rounds(run))


def said(rounds: Rounds, door: RoundsDoor, as_json: bool) -> int:
    """Print a plan; return the exit status: 1 where a must-go bin is not met."""
    import msgspec

    from ops_api.rounds_text import plan_lines

    text = msgspec.json.format(msgspec.json.encode(rounds), indent=1).decode() if as_json else None
    typer.echo("\n".join(plan_lines(rounds, door.desk.zone)) if text is None else text)
    return MISSED if rounds.plan.missed else 0


def at_rounds(work: Callable[[RoundsDoor], Awaitable[Any]]) -> Any:
    """Do something at the desk of rounds, and return what it returns; refusals end with status 1."""
    from ops_api.wiring_rounds import rounds_of
    from rules.rounds.ports import NoRoundsError, RoundsMovedError

    return through(rounds_of, work, (NoRoundsError, RoundsMovedError))
