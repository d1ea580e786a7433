"""``cityops bins ledger``: what the sensors saved, month by month; what it is compared with and at what prices."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cityops.errors import ConfigurationError
from ops_api.cli_desk import AsJson, By, name_of, through, to_json
from ops_api.cli_help import HELP_OPTIONS, examples, group

if TYPE_CHECKING:
    from ops_api.wiring_bins_ledger import LedgerDoor
    from rules.bin_ledger.settings import Compared
    from rules.core.bin_ledger.codec import Document
    from rules.core.bin_ledger.tariffs import Tariffs

Why = Annotated[str, typer.Option(help="Why: it is part of the record.")]


def _group() -> typer.Typer:
    """Return a group that does something by itself, too."""
    return typer.Typer(
        invoke_without_command=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings=HELP_OPTIONS,
    )


ledger, schedule, tariffs = _group(), _group(), _group()


def add_to(app: typer.Typer) -> None:
    """Add the ledger's commands to ``cityops bins``."""
    app.add_typer(ledger, name="ledger")
    app.add_typer(schedule, name="schedule")
    app.add_typer(tariffs, name="tariffs")


app = group("Bins: the savings ledger.")
add_to(app)


@ledger.callback(
    epilog=examples(
        "cityops bins ledger                        # the last month that is over",
        "cityops bins ledger --month 2026-10 -o october.pdf",
        "cityops bins ledger --month 2026-10 -o october.json   # what an auditor works out again: bins ledger verify",
        "cityops bins ledger --from 2026-07-01 --to 2026-09-30 -o quarter.csv   # every bin-day, and every collection beside",
    ),
    context_settings=HELP_OPTIONS,
)
def show(
    ctx: typer.Context,
    month: Annotated[str | None, typer.Option(metavar="2026-10", help="Of which month.")] = None,
    first: Annotated[
        str | None, typer.Option("--from", metavar="DAY", help="Or from a day, both included.")
    ] = None,
    last: Annotated[str | None, typer.Option("--to", metavar="DAY", help="To a day; today without.")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Write it: .pdf, .csv, .json or .txt.")
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Make it anew also where one is kept.")] = False,
    by: By = "",
    as_json: AsJson = False,
) -> None:
    """Say what the sensors saved: the statement that is kept of a month, else one made now.

    The service makes and keeps a month's statement itself when it is over. Other days are provisional and not kept.
    """
    if ctx.invoked_subcommand is not None:
        return
    if out is not None and out.suffix not in SUFFIXES:
        raise ConfigurationError(f"{out}: the name ends in one of {', '.join(SUFFIXES)}")
    if month is not None and (first is not None or last is not None):
        raise ConfigurationError("give --month, or --from and --to")

    async def run(door: LedgerDoor) -> None:
        days = _days(month, first, last, door.now.date())
        found, data, kept = await door.document(*days, by=name_of(by), again=again)
        if out is not None:
            for path in _write(found, data, out):
                typer.echo(f"{path}: {'as it was kept' if kept else 'made now'}, {found.statement.answer}")
        else:
            _print(found, as_json)

    _at_ledger(run)


def _days(month: str | None, first: str | None, last: str | None, today: date) -> tuple[date, date]:
    from datetime import timedelta
    from zoneinfo import ZoneInfo

    from ops_api.moments import a_day
    from rules.bin_ledger.keeping import month_of

    if first is not None:
        begin, end = a_day(first, "--from"), today if last is None else a_day(last, "--to")
        if end < begin:
            raise ConfigurationError(f"--to {end} is before --from {begin}")
        return begin, end
    if last is not None:
        raise ConfigurationError("--to needs --from")
    if month is None:
        day = today.replace(day=1) - timedelta(days=1)
    else:
        try:
            day = date.fromisoformat(f"{month}-01")
        except ValueError as error:
            raise ConfigurationError(f"--month {month!r}: write e.g. 2026-10") from error
    found = month_of(day, ZoneInfo("UTC"))
    return found.first, found.last


SUFFIXES = (".pdf", ".csv", ".json", ".txt")


def _print(found: Document, as_json: bool) -> None:
    import msgspec

    from ops_api.ledger_text import lines
    from rules.core.bin_ledger.codec import encode

    if as_json:
        told = {
            "digest": found.digest,
            "made_at": found.made_at,
            "by": found.by,
            "statement": found.statement,
        }
        typer.echo(msgspec.json.format(encode(told)).decode())
    else:
        typer.echo("\n".join(lines(found.statement, found.digest)))


def _write(found: Document, data: bytes, out: Path) -> list[Path]:
    """Write a statement's file, or files, and return their paths; each is there whole or not at all."""
    from ops_api.ledger_files import content_of
    from ops_api.wiring_evidence import drafted

    made = content_of(found, data, out)
    for path, content in made.items():
        with drafted(path) as draft:
            draft.write(content)
    return list(made)


@ledger.command(
    epilog=examples("cityops bins ledger verify october.json   # needs no database"),
    context_settings=HELP_OPTIONS,
)
def verify(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A statement's .json file.")],
    as_json: AsJson = False,
) -> None:
    """Work a statement out again from the inputs in its file. Exit code 1 where a figure does not follow from them."""
    from ops_api.ledger_text import verified_lines
    from rules.bin_ledger.gathering import unpacked
    from rules.core.bin_ledger.codec import LedgerFileError
    from rules.core.bin_ledger.verifying import verify as worked_out

    try:
        found = worked_out(unpacked(file.read_bytes()))
    except OSError as error:
        raise ConfigurationError(f"{file}: {error.strerror}") from error
    except LedgerFileError as error:
        raise ConfigurationError(f"{file}: {error}") from error
    if as_json:
        told = {"holds": found.holds, "digest_holds": found.digest_holds, "wrong": list(found.wrong)}
        typer.echo(to_json(told))
    else:
        typer.echo("\n".join(verified_lines(found.holds, found.digest_holds, found.wrong)))
    raise typer.Exit(0 if found.holds else 1)


@ledger.command(epilog=examples("cityops bins ledger months"), context_settings=HELP_OPTIONS)
def months(as_json: AsJson = False) -> None:
    """List the months whose statement is kept, with their answers."""

    async def run(door: LedgerDoor) -> None:
        found = await door.book.months()
        told = [{"month": f"{m:%Y-%m}", "answer": answer} for m, answer in found]
        typer.echo(
            to_json(told)
            if as_json
            else "\n".join(f"{t['month']}  {t['answer']}" for t in told) or "none is kept yet"
        )

    _at_ledger(run)


@schedule.callback(epilog=examples("cityops bins schedule --json"))
def show_schedule(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Print the fixed days that the ledger compares with, and who set what why; appended only."""
    if ctx.invoked_subcommand is not None:
        return

    async def run(door: LedgerDoor) -> None:
        found = await door.settings.compared()
        if found is None:
            from rules.bin_ledger.gathering import NoScheduleError

            raise NoScheduleError
        await _show(door, found, as_json)

    _at_ledger(run)


@schedule.command(
    "set",
    epilog=examples(
        'cityops bins schedule set rota.toml --why "the contract of 2025, schedule 3"',
        '# rota.toml:  source = "contract 2025"',
        "#             [[plans]]",
        '#             name = "town centre"',
        "#             weekdays = [0, 2, 4]      # or every_days = 2, first_day = 2026-01-01",
        "#             km = 38.0                 # of one such day, as the planner makes them",
        "#             hours = 5.5",
    ),
    context_settings=HELP_OPTIONS,
)
def set_schedule(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="TOML; see the examples and docs/bin-ledger.md.")
    ],
    why: Why,
    by: By = "",
) -> None:
    """Set the fixed days that the next statements compare with; statements that are kept stay as they are."""
    from rules.bin_ledger.settings import parse_schedule

    value = parse_schedule(_read(file), str(file))
    _at_ledger(lambda door: _put(door, value, name_of(by), why))


@tariffs.callback(epilog=examples("cityops bins tariffs"))
def show_tariffs(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Print prices and factors of the ledger with their ranges and sources, and who set what why; appended only."""
    if ctx.invoked_subcommand is not None:
        return

    async def run(door: LedgerDoor) -> None:
        await _show(door, await door.settings.tariffs(), as_json)

    _at_ledger(run)


@tariffs.command(
    "set",
    epilog=examples(
        'cityops bins tariffs set ours.toml --why "fuel cards of 2026"',
        "# ours.toml:  [diesel_l_km]             # what is left out stays as it is",
        "#             value = 0.52",
        "#             low = 0.49",
        "#             high = 0.55",
        '#             unit = "l/km"',
        '#             source = "fuel cards, lorries 1 to 4"',
        "#             year = 2026",
        "#             assumed = false",
    ),
    context_settings=HELP_OPTIONS,
)
def set_tariffs(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="TOML: a table for each figure that changes.")],
    why: Why,
    by: By = "",
) -> None:
    """Set prices and factors for the next statements; statements that are kept stay as they are."""
    from rules.bin_ledger.settings import parse_tariffs

    text = _read(file)

    async def run(door: LedgerDoor) -> None:
        value = parse_tariffs(text, str(file), await door.settings.tariffs())
        await _put(door, value, name_of(by), why)

    _at_ledger(run)


async def _show(door: LedgerDoor, value: Compared | Tariffs, as_json: bool) -> None:
    from ops_api.ledger_text import setting_lines
    from rules.core.bin_ledger.codec import encode

    log = await door.settings.log()
    if as_json:
        typer.echo(encode({"value": value, "log": log}).decode())
    else:
        typer.echo("\n".join(setting_lines(value, log, await door.room.source.bins())))


async def _put(door: LedgerDoor, value: Compared | Tariffs, by: str, why: str) -> None:
    if not why.strip():
        raise ConfigurationError("--why is empty: an auditor will ask")
    await door.settings.put(value, by=by, why=why.strip())
    typer.echo("set; the next statements go by it")


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{file} is no UTF-8 text") from error


def _at_ledger(work: Callable[[LedgerDoor], Awaitable[None]]) -> None:
    from ops_api.wiring_bins_ledger import ledger_of

    through(ledger_of, work)
